import numpy as np
import pytest

from creativity.background import BAND, load_background, save_background
from creativity.calibrating import InTurn, Plan, calibrate
from musebots.errors import BackgroundError

from .listening import NETWORK, playing, small_background


@pytest.fixture(scope="module")
def background():
    return small_background()


def test_the_same_runs_give_the_same_bytes(background, tmp_path):
    save_background(background, tmp_path / "one")
    save_background(small_background(), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_background_comes_back_from_its_file_as_it_was(background, tmp_path):
    save_background(background, tmp_path / "file")
    loaded = load_background(tmp_path / "file")
    save_background(loaded, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "file").read_bytes()
    rows = playing(np.random.default_rng(5)).hidden
    for bot_id, voice in background.voices.items():
        other = loaded.voices[bot_id]
        assert np.array_equal(voice.innovation.apply(rows), other.innovation.apply(rows))
        assert np.array_equal(voice.table.upper, other.table.upper)
        assert np.array_equal(voice.norm.windows.scores, other.norm.windows.scores)
        assert np.array_equal(voice.norm.rate.maxima, other.norm.rate.maxima)
    assert loaded.setup == background.setup


def test_no_run_serves_two_purposes(background):
    seen = []

    def runs():
        for index in range(12):
            seen.append(index)
            yield {"a": playing(np.random.default_rng(index))}

    made = calibrate(InTurn(runs()), Plan.of(12, setup=background.setup), piece="x", made={})
    assert seen == list(range(12))
    assert sum(made.made["runs"].values()) == 12
    assert made.band is None


def test_held_out_runs_are_counted_for_each_bot_and_the_band(background):
    assert set(background.made["held_out"]) == {"a", "b", "band"}
    for counted in background.made["held_out"].values():
        assert counted["n_windows"] > 50
        # 2 runs of some 80 windows that overlap: a share of .25 at p <= .1 would be a mistake
        assert counted["false_alarms_at_0.1"] < 0.25


def test_a_voice_is_found_by_its_network_not_by_its_name(background):
    assert background.voice_of("a", NETWORK).bot_id == "a"
    assert background.voice_of("somebody", NETWORK) is not None
    assert background.voice_of("a", "b" * 64) is None


def test_networks_that_change_between_runs_are_refused():
    def runs():
        yield {"a": playing(np.random.default_rng(0))}
        while True:
            yield {"a": playing(np.random.default_rng(1), network="b" * 64)}

    with pytest.raises(BackgroundError, match="not the same"):
        calibrate(InTurn(runs()), Plan.of(8), piece="x", made={})


def test_runs_too_short_for_a_block_are_refused(background):
    def runs():
        while True:
            yield {"a": playing(np.random.default_rng(0), n_steps=12)}

    with pytest.raises(BackgroundError, match="play more bars"):
        calibrate(InTurn(runs()), Plan.of(8, setup=background.setup), piece="x", made={})


def test_a_piece_whose_bots_tell_nothing_cannot_be_calibrated():
    with pytest.raises(BackgroundError, match="none to monitor"):
        calibrate(InTurn(iter([{}] * 8)), Plan.of(8), piece="x", made={})


def test_what_is_no_background_is_refused_in_a_sentence(tmp_path, background):
    with pytest.raises(BackgroundError, match="does not exist"):
        load_background(tmp_path / "nothing")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(BackgroundError, match="damaged"):
        load_background(tmp_path / "text")
    save_background(background, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackgroundError, match="damaged"):
        load_background(tmp_path / "cut")
    (tmp_path / "old").write_bytes(
        whole.replace(b'\\"format_version\\": 1', b'\\"format_version\\": 9')
    )
    with pytest.raises(BackgroundError, match="format version 9"):
        load_background(tmp_path / "old")


def test_the_band_has_a_norm_of_its_own(background):
    assert background.band is not None
    assert BAND not in background.voices
