import gzip
import json

import pytest

from musebots.errors import CorpusError
from musebots.training.progressions import fit, songs_of


def song(name, **more):
    """Eight bars of 4/4 in D: D, and in every other bar half G and half A7."""
    chords = []
    for bar in range(8):
        start = 96 * bar
        if bar % 2:
            chords += [[start, 48, 7, "maj", 7], [start + 48, 48, 9, "7", 9]]
        else:
            chords.append([start, 96, 2, "maj", 2])
    return {"id": name, "source": "nottingham", "split": "train", "meter": [4, 4], "pickup": 0,
            "key": [2, "major"], "length": 768, "chords": chords, **more}  # fmt: skip


def written(folder, *songs):
    with gzip.open(folder / "x.jsonl.gz", "wt") as out:
        out.writelines(json.dumps(one) + "\n" for one in songs)
    return folder


def test_songs_become_cells_relative_to_their_tonic(tmp_path):
    ((mode, style, cells),) = songs_of(written(tmp_path, song("a")), "train")
    assert (mode, style) == ("major", "folk")
    assert list(cells) == ["0:maj", "5:maj 7:7"] * 4


def test_a_pickup_bar_is_not_counted_and_a_held_chord_goes_on(tmp_path):
    ((_, _, cells),) = songs_of(written(tmp_path, song("a", pickup=24, length=9 * 96)), "train")
    assert list(cells) == ["5:maj 7:7", "0:maj"] * 3 + ["5:maj 7:7", "7:7"]


def test_a_lead_sheet_that_ends_on_the_relative_minor_is_in_minor(tmp_path):
    chords = [[96 * bar, 96, root, "min", root] for bar, root in enumerate([11, 4, 6, 11] * 2)]
    ((mode, style, cells),) = songs_of(
        written(tmp_path, song("a", source="openewld", chords=chords)), "train"
    )
    assert (mode, style, cells[0], cells[-1]) == ("minor", "standard", "0:min", "0:min")


@pytest.mark.parametrize(
    "flaw", [{"n_keys": 2}, {"n_meters": 2}, {"modern_composer_flag": True}, {"chords": []},
             {"source": "freedoom"}, {"length": 300}]
)  # fmt: skip
def test_songs_that_would_mislead_are_left_out(flaw, tmp_path):
    assert not list(songs_of(written(tmp_path, song("a", **flaw)), "train"))


def test_the_card_says_what_was_learned_from_and_how_well(tmp_path):
    held_out = [song("v", split="valid"), song("t", split="test")]
    card = fit(written(tmp_path, song("a"), song("b"), *held_out))["card"]
    assert card["n_songs"] == {"folk": 2, "standard": 0}
    assert any("GPL" in licence for licence in card["licences"])
    for split in ("valid", "test"):
        found = card["nats_per_bar"][split]
        assert found["n_bars"] == 8
        assert found["model"] < found["cells alone"]


def test_without_songs_it_says_what_is_missing(tmp_path):
    with pytest.raises(CorpusError, match=r"holds no \*\.jsonl\.gz"):
        fit(tmp_path)
    with pytest.raises(CorpusError, match="no song with chords"):
        fit(written(tmp_path, song("a", source="groove")))
