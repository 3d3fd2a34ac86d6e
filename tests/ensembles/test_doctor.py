"""The doctor tells what it sees, and judges it."""

from __future__ import annotations

import json

import pytest

from ensembles import doctor
from ensembles.cli import run
from ensembles.doctor import Finding, Verdict, percentile
from musebots.errors import CheckpointError


def test_everything_is_examined(monkeypatch):
    monkeypatch.setattr(doctor, "GRID_SECONDS", 0.0005)
    findings = {finding.name: finding for finding in doctor.examine()}
    assert {
        "Python", "numpy", "pyo", "sound", "MIDI ports", "UDP receive buffer", "UDP on loopback",
        "melody generator", "bass generator", "drums generator", "asyncio clock",
        "deadline thread",
    } <= set(findings)  # fmt: skip
    assert all(finding.value for finding in findings.values())
    assert all(finding.advice for finding in findings.values() if finding.verdict is not Verdict.OK)


def test_a_generator_that_cannot_be_loaded_is_bad(monkeypatch):
    def broken(role: str) -> list[float]:
        raise CheckpointError("melody.safetensors: wrong hash")

    monkeypatch.setattr(doctor, "_step_ms", broken)
    finding = doctor._generator("melody")
    assert finding.verdict is Verdict.BAD
    assert "wrong hash" in finding.value


@pytest.mark.parametrize(("millis", "verdict"), [(0.2, "ok"), (9.0, "warn"), (99.0, "bad")])
def test_slow_steps_are_judged(monkeypatch, millis, verdict):
    monkeypatch.setattr(doctor, "_step_ms", lambda role: [millis] * 10)
    assert doctor._generator("bass").verdict == verdict


@pytest.mark.parametrize(("verdict", "code"), [("ok", 0), ("warn", 0), ("bad", 1)])
def test_only_what_is_bad_fails(monkeypatch, capsys, verdict, code):
    findings = (Finding("sound", "as it is", Verdict(verdict), "do this"),)
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    assert run(["doctor"]) == code
    shown = capsys.readouterr().out
    assert shown.split()[:2] == [verdict, "sound"]
    assert "-> do this" in shown


def test_json_holds_every_finding(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda: (Finding("sound", "none", Verdict.WARN, "x"),))
    assert run(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "sound", "value": "none", "verdict": "warn", "advice": "x"}
    ]


def test_a_percentile_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one value"):
        percentile([], 50)


def test_percentiles_are_values_that_occurred():
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, p) for p in (0, 1, 50, 99, 100)] == [1, 1, 50, 99, 100]
