"""What the tests of sound share."""

import subprocess

import pytest

from director.outputs.audio.render import WORKER, last_words


@pytest.fixture(scope="session")
def pyo():
    """Skip where pyo cannot be imported."""
    checked = subprocess.run([*WORKER, "check"], capture_output=True, check=False)
    if checked.returncode != 0:
        pytest.skip(f"pyo cannot be imported here: {last_words(checked.stderr)}")
