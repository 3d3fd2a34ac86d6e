"""The page beside a band of processes: it comes with the session, and goes however that ends."""

import json
import os
import re
import signal
import socket
import subprocess
import urllib.request

import pytest

from .processes import is_running, notes_of, play, until_line, wait_for

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")


def page_of(parent):
    """The pid of the page that this process serves; None while there is none."""
    listing = subprocess.run(
        ["ps", "-eo", "ppid,pid,args"], capture_output=True, text=True, check=True
    ).stdout
    for line in listing.splitlines()[1:]:
        ppid, pid, command = line.split(None, 2)
        if ppid == str(parent) and "ensembles.web" in command:
            return int(pid)
    return None


def playing(tmp_path, *arguments, **options):
    """A band with a page; the process, and the page's address."""
    process = play("trio", "--port", "0", "--page", "--page-port", "0", "-o", "x.mid", *arguments,
                   cwd=tmp_path, **options)  # fmt: skip
    told = until_line(process, "musebots: the page is at ")[-1]
    return process, re.search(r"http://\S+", told)[0]


def state(address):
    with urllib.request.urlopen(address + "state.json", timeout=5) as answer:
        return json.load(answer)


@POSIX
def test_the_page_shows_the_band_and_goes_with_the_session(tmp_path):
    process, address = playing(tmp_path, "--bars", "3", "--bpm", "200")
    page = page_of(process.pid)
    facts = wait_for(lambda: "strip/drums" in (f := state(address)["facts"]) and f)
    assert facts["session"]["title"] == "Trio"
    assert facts["strip/bass"]["instrument"] == "finger"
    wait_for(lambda: state(address)["streams"].get("notes"))
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert not is_running(page)
    assert {"bass", "drums"} <= set(notes_of(tmp_path / "x.mid"))


@POSIX
def test_no_page_is_left_when_the_director_is_killed(tmp_path):
    process, _ = playing(tmp_path, start_new_session=True)
    page = page_of(process.pid)
    process.kill()
    process.communicate(timeout=20)
    wait_for(lambda: not is_running(page))


@POSIX
def test_a_page_that_is_killed_comes_back_at_its_address_and_the_music_goes_on(tmp_path):
    process, address = playing(tmp_path, "--bars", "12", "--bpm", "200")
    page = page_of(process.pid)
    os.kill(page, signal.SIGKILL)
    wait_for(lambda: page_of(process.pid) not in (None, page))
    wait_for(lambda: _answers(address))
    wait_for(lambda: "strip/drums" in state(address)["facts"])
    process.send_signal(signal.SIGINT)
    words, _ = process.communicate(timeout=30)
    assert "the page has died (killed by SIGKILL)" in words
    assert "stopped after" in words
    assert not re.search(r"late: |lost: ", words)


def _answers(address):
    host, port = re.search(r"//(.+):(\d+)", address).groups()
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True
