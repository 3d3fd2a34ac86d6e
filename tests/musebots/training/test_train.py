"""Training learns, can be interrupted, and gives the same bytes again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("mido")

from musebots.errors import CheckpointError, ConfigError, CorpusError
from musebots.rnn.checkpoint import load_checkpoint
from musebots.training.evaluate import Likelihood
from musebots.training.judge import estimate, judge
from musebots.training.train import Progress, Settings, train

TINY = Settings(
    n_epochs=4, n_units=24, batch_size=2, window_steps=64, learning_rate=2e-2, dropout=0.1
)


def test_training_lowers_the_loss_and_tells_of_it(tunes: Path, tmp_path: Path) -> None:
    heard: list[Progress] = []
    report = train(
        "melody", tunes, tmp_path / "m.safetensors", settings=TINY, on_progress=heard.append
    )
    assert [progress.fraction for progress in heard] == sorted(p.fraction for p in heard)
    assert heard[-1].fraction == 1.0
    assert heard[-1].valid_loss < heard[0].train_loss / 2
    assert report.n_epochs == 4
    assert report.test.n_pieces == 1
    assert report.test.n_steps == 128
    assert report.test.n_notes == 64
    assert report.test.nats_per_note == pytest.approx(2 * report.test.nats_per_step)
    assert load_checkpoint(report.path, role="melody").sha256 == report.sha256
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "m.json", "m.safetensors",
    ]  # fmt: skip


def test_card_tells_how_to_make_it_again(tunes: Path, tmp_path: Path) -> None:
    train("melody", tunes, tmp_path / "m.safetensors", settings=TINY, seed=3)
    card = json.loads((tmp_path / "m.json").read_text())
    assert card["command"] == "musebots train melody --corpus DIR -o m.safetensors --seed 3"
    assert card["seed"] == 3
    assert "GPL v3" in card["corpus"]["nottingham"]["licence"]
    assert card["corpus"]["nottingham"]["n_train_pieces"] == 6
    assert len(card["losses_per_epoch"]) == 4
    assert set(card["valid"]) == {"all", "nottingham 4/4"}
    assert str(tmp_path) not in (tmp_path / "m.json").read_text()


class _Stop:
    """Presses Ctrl-C in the middle of an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def __call__(self, progress: Progress) -> None:
        if progress.epoch == self.epoch and progress.fraction < self.epoch / TINY.n_epochs:
            raise KeyboardInterrupt


def test_interrupted_training_goes_on_to_the_same_bytes(tunes: Path, tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole.safetensors", tmp_path / "torn.safetensors"
    train("melody", tunes, whole, settings=TINY)
    with pytest.raises(KeyboardInterrupt):
        train("melody", tunes, torn, settings=TINY, on_progress=_Stop(2))
    assert not torn.exists()
    assert (tmp_path / "torn.safetensors.state").exists()
    epochs: list[int] = []
    train("melody", tunes, torn, settings=TINY, on_progress=lambda p: epochs.append(p.epoch))
    assert min(epochs) == 2
    assert torn.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "torn.safetensors.state").exists()


def test_training_interrupted_within_an_epoch_goes_on_within_it(
    tunes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musebots.training.train._SAVE_SECONDS", 0.0)
    monkeypatch.setattr("musebots.training.train._REPORT_SECONDS", 0.0)
    whole, torn = tmp_path / "whole.safetensors", tmp_path / "torn.safetensors"
    train("melody", tunes, whole, settings=TINY)

    def stop(progress: Progress) -> None:
        if progress.fraction > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("melody", tunes, torn, settings=TINY, on_progress=stop)
    heard: list[Progress] = []
    train("melody", tunes, torn, settings=TINY, on_progress=heard.append)
    assert heard[0].epoch == 2
    assert heard[0].fraction > 0.3  # and not from the beginning of the epoch, 0.25
    assert torn.read_bytes() == whole.read_bytes()
    cards = [path.with_suffix(".json").read_text() for path in (torn, whole)]
    assert cards[0].replace("torn", "whole") == cards[1]


def test_state_of_another_training_is_not_taken_over(tunes: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    with pytest.raises(KeyboardInterrupt):
        train("melody", tunes, out, settings=TINY, on_progress=_Stop(2))
    with pytest.raises(ConfigError, match="belongs to another training"):
        train("melody", tunes, out, settings=TINY, seed=1)
    train("melody", tunes, out, settings=TINY, seed=1, resume=False)
    assert out.exists()


def test_damaged_state_means_a_new_beginning(tunes: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    (tmp_path / "m.safetensors.state").write_bytes(b"torn in the middle")
    assert train("melody", tunes, out, settings=TINY).n_epochs == 4


def test_bass_and_drums_are_trained_alike(
    tmp_path: Path, tune: Callable[..., Any], groove: Callable[..., Any],
    write_events: Callable[..., Path],
) -> None:  # fmt: skip
    notes = tune("x")["melody"]
    records = [tune(f"b{i}", source="freedoom", bass=notes) for i in range(3)]
    records += [groove(f"s/g{i}") for i in range(3)]
    fill = groove("s/fill", beat_type="fill", n_bars=1)
    folder = write_events(tmp_path / "corpus", [*records, fill])
    for role in ("bass", "drums"):
        report = train(role, folder, tmp_path / f"{role}.safetensors", settings=TINY)
        checkpoint = load_checkpoint(report.path, role=role)
        assert checkpoint.stepper().n_units == 24
        assert report.valid.n_steps == 0


def test_midi_folder_is_a_corpus(tmp_path: Path, band_file: Callable[..., Path]) -> None:
    folder = tmp_path / "midi"
    folder.mkdir()
    for index in range(4):
        band_file(folder / f"song{index}.mid", shift=index)
    (folder / "torn.mid").write_bytes(b"MThd\x00")
    report = train("bass", folder, tmp_path / "b.safetensors", settings=TINY)
    assert [name for name, _ in report.skipped] == ["torn.mid"]
    assert load_checkpoint(report.path).vocabulary.default_style == "midi"


def test_nothing_to_learn_from_and_nowhere_to_write_are_clear_errors(
    tunes: Path, tmp_path: Path
) -> None:
    with pytest.raises(CorpusError, match="no drums part"):
        train("drums", tunes, tmp_path / "d.safetensors", settings=TINY)
    with pytest.raises(CheckpointError, match="cannot be written"):
        train("melody", tunes, tmp_path / "no" / "m.safetensors", settings=TINY)


def test_patience_ends_a_training_that_no_longer_gains(tunes: Path, tmp_path: Path) -> None:
    still = Settings(n_epochs=50, patience=2, n_units=8, learning_rate=1e-12, window_steps=64)
    report = train("melody", tunes, tmp_path / "m.safetensors", settings=still)
    assert report.n_epochs < 50
    assert report.n_epochs - report.best_epoch == 2


def test_going_on_from_a_checkpoint_keeps_what_it_says_and_hears(
    tunes: Path, tmp_path: Path
) -> None:
    first = train("melody", tunes, tmp_path / "a.safetensors", settings=TINY)
    gentle = Settings(n_epochs=1, batch_size=2, window_steps=64, learning_rate=1e-4, dropout=0.0)
    second = train("melody", tunes, tmp_path / "b.safetensors", settings=gentle, start=first.path)
    before, after = load_checkpoint(first.path), load_checkpoint(second.path)
    assert after.vocabulary == before.vocabulary
    assert after.tensors["gru.weight_hh_l0"].shape == before.tensors["gru.weight_hh_l0"].shape
    assert after.sha256 != before.sha256
    assert second.valid.nats_per_step < first.valid.nats_per_step * 1.05
    card = json.loads((tmp_path / "b.json").read_text())
    assert card["from"] == {"sha256": first.sha256}
    assert card["command"].endswith("--from CHECKPOINT")


def test_a_checkpoint_of_another_role_is_no_start(tunes: Path, tmp_path: Path) -> None:
    first = train("melody", tunes, tmp_path / "a.safetensors", settings=TINY)
    with pytest.raises(CheckpointError, match="melody"):
        train("bass", tunes, tmp_path / "b.safetensors", start=first.path)


def test_a_judgement_is_that_of_the_card_with_an_interval_around_it(
    tunes: Path, tmp_path: Path
) -> None:
    report = train("melody", tunes, tmp_path / "m.safetensors", settings=TINY)
    found = judge("melody", tunes, checkpoint=report.path, split="test")
    assert found.sha256 == report.sha256
    assert found.groups["all"].nats_per_note == pytest.approx(report.test.nats_per_note)
    assert found.groups["all"].n_notes == report.test.n_notes
    assert set(found.covered) == {
        "position", "chord", "next chord", "earlier bars", "recall", "others",
        "place in the section", "style",
    }  # fmt: skip
    assert list(found.groups) == ["all", "nottingham 4/4"]


def test_the_interval_is_that_of_resampled_pieces_not_of_their_parts() -> None:
    rng = np.random.default_rng(0)
    surprise = rng.normal(2.0, 0.5, size=400)
    parts = [SimpleNamespace(name=f"piece {i // 2}") for i in range(800)]
    likelihoods = [Likelihood(10 * nats, 1, 40, 10, 0) for nats in np.repeat(surprise, 2)]
    found = estimate(parts, likelihoods, rng)  # type: ignore[arg-type]
    half_width = 1.96 * surprise.std() / np.sqrt(400)
    assert found.n_pieces == 400
    assert found.nats_per_note == pytest.approx(surprise.mean())
    assert found.nats_per_note - found.low == pytest.approx(half_width, rel=0.1)
    assert found.high - found.nats_per_note == pytest.approx(half_width, rel=0.1)


def test_an_empty_split_is_an_error_that_names_it(tunes: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no drums part in its test split"):
        judge("drums", tunes)
