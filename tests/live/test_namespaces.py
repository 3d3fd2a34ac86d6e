"""Two machines as the kernel has them: network namespaces, a cable, and where it can, a bad one.

Needs root, and `ip`; without `netem` in the kernel the cable is a good one.
"""

import os
import shutil
import subprocess
import sys

import pytest

from .processes import notes_of, until_line
from .test_lan import BOT, KEY

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("ip") is None,
        reason="needs root and ip",
    ),
]

HERE, THERE, PORT = "10.77.0.1", "10.77.0.2", "4747"
BAD = "delay 20ms 10ms loss 5%"


def ip(*words, check=True):
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=check)


@pytest.fixture
def machines():
    """Two namespaces that a cable joins; their names, and whether the cable is bad."""
    tag = f"mb{os.getpid() % 10_000}"
    names = (f"{tag}a", f"{tag}b")
    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", f"{tag}x", "netns", names[0], "type", "veth",
           "peer", "name", f"{tag}y", "netns", names[1])  # fmt: skip
    except subprocess.CalledProcessError as error:
        for name in names:
            ip("netns", "del", name, check=False)
        pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
    is_bad = True
    for name, cable, address in zip(names, (f"{tag}x", f"{tag}y"), (HERE, THERE), strict=True):
        ip("-n", name, "addr", "add", f"{address}/24", "dev", cable)
        for device in ("lo", cable):
            ip("-n", name, "link", "set", device, "up")
        netem = f"ip netns exec {name} tc qdisc add dev {cable} root netem {BAD}".split()
        is_bad &= subprocess.run(netem, capture_output=True).returncode == 0
    yield *names, is_bad
    for name in names:
        ip("netns", "del", name, check=False)


def on(machine, *words, cwd):
    command = ["ip", "netns", "exec", machine, sys.executable, "-m", "ensembles", *words]
    return subprocess.Popen(
        command, cwd=cwd, env={**os.environ, "MUSEBOTS_KEY": KEY},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def test_a_bot_of_another_machine_loses_no_note_and_keeps_time(machines, tmp_path):
    here, there, is_bad = machines
    (tmp_path / "steady.py").write_text(BOT)
    band = on(here, "play", "trio", "--bars", "10", "--bpm", "150", "--audio", "none",
              "--listen", HERE, "--port", PORT, "-o", "live.mid", cwd=tmp_path)  # fmt: skip
    until_line(band, "musebots: other machines join with")
    bot = on(there, "join", "steady.py", "--director", f"{HERE}:{PORT}", cwd=tmp_path)
    output, _ = band.communicate(timeout=60)
    said, _ = bot.communicate(timeout=20)
    assert (band.returncode, bot.returncode) == (0, 0), output + said
    assert "0 lost" in output
    onsets = [tick for tick, is_on, _ in notes_of(tmp_path / "live.mid")["steady"] if is_on]
    assert onsets == list(range(onsets[0], 10 * 1920, 480))
    assert len(onsets) >= 28
    offsets_ms = [abs(int(ns)) / 1e6 for ns in (tmp_path / "offsets").read_text().split()]
    print(f"netem: {is_bad}; clock off by {max(offsets_ms[8:]):.3f} ms at most")
    assert max(offsets_ms[8:]) < 1.0  # one clock serves both: what is left is the estimate's error
