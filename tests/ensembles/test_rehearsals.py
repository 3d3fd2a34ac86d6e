"""Runs played several at a time: in order, whole in their errors, and gone with who asked."""

import os
import signal
import subprocess
import sys
import time

import pytest

from ensembles.rehearsals import Rehearsals


def number_and_process(number):
    time.sleep(0.05 * (3 - number % 4))  # a later one is ready first
    return number, os.getpid()


def failing_at_two(number):
    if number == 2:
        raise LookupError(f"run {number} of {os.getpid()}")
    return number


def ending_its_process_at_two(number):
    if number == 2 and os.getpid() != int(os.environ["REHEARSALS_PARENT"]):
        os._exit(3)
    return number


def test_runs_come_in_order_from_other_processes_and_none_comes_twice():
    with Rehearsals(number_and_process, n_jobs=2) as rehearsals:
        first, rest = list(rehearsals.runs(5)), list(rehearsals.runs(3))
    assert [number for number, _ in first + rest] == list(range(8))
    processes = {process for _, process in first + rest}
    assert os.getpid() not in processes
    assert 1 <= len(processes) <= 2


def test_one_at_a_time_is_played_here():
    with Rehearsals(number_and_process, n_jobs=1) as rehearsals:
        assert {process for _, process in rehearsals.runs(2)} == {os.getpid()}


def test_an_error_of_a_run_is_raised_here_with_its_own_trace():
    with (
        pytest.raises(LookupError, match=f"run 2 of {os.getpid()}"),
        Rehearsals(failing_at_two, n_jobs=2) as rehearsals,
    ):
        list(rehearsals.runs(4))


def test_a_process_that_ends_loses_no_run(monkeypatch):
    monkeypatch.setenv("REHEARSALS_PARENT", str(os.getpid()))
    with Rehearsals(ending_its_process_at_two, n_jobs=2) as rehearsals:
        assert list(rehearsals.runs(6)) == list(range(6))


def processes_below(pid):
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in listed.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="asks ps for the children of a process")
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_when_calibrating_is_ended_its_processes_go_too(by, tmp_path):
    command = [sys.executable, "-m", "ensembles", "calibrate", "trio", "--jobs", "2", "-o",
               str(tmp_path / "x")]  # fmt: skip
    # where the tests themselves run with Ctrl-C ignored, as in the background of a script
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    while len(processes_below(process.pid)) < 2 and process.poll() is None:
        time.sleep(0.05)
    time.sleep(1.0)
    helpers = processes_below(process.pid)
    process.send_signal(by)
    told = process.communicate(timeout=20)[1]
    assert "Traceback" not in told
    deadline = time.monotonic() + 20
    while any(os.path.exists(f"/proc/{pid}") for pid in helpers):
        assert time.monotonic() < deadline, "a process was left behind"
        time.sleep(0.1)
    assert helpers
    assert not (tmp_path / "x").exists()
