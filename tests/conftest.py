"""What every test starts from."""

import logging

import pytest


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    """Commands run within a test set logging up; the next test must not notice."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
