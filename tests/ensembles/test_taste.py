"""Ratings count: from listeners' answers through the fitted file to the number of the band. Seed 0.

The listeners are simulated, and like best what repeats itself and what the machine's proxy likes
least.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from typer.testing import CliRunner

from creativity.assessing import shipped_judge
from creativity.assessor.ratings import COLUMNS
from creativity.assessor.taste import FEATURES, Taste
from creativity.judging import Judgement
from creativity.steerer import GRID, Steerer
from ensembles.cli.app import app
from ensembles.config import load_piece, parse_piece
from ensembles.logbook import read_logbook
from ensembles.rendering import Guest, perform_here, render
from ensembles.steering import STEERER_ID, guest_of, taste_of
from musebots.errors import ConfigError
from musebots.messages import Assessed
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline

PIECE = (
    'title = "T"\nbars = 8\nsteering = { mode = "fader" }\n[[section]]\nname = "A"\nchords = "C"'
)
USUAL = np.array([0.4, 3.0, 0.98, 0.99, 0.1, 2.0, 1.0])
SPREAD = np.array([0.1, 0.5, 0.02, 0.01, 0.05, 0.5, 0.5])
LIKED = {"run": 1.0, "S": -1.5}
N_CLIPS, N_LISTENERS = 24, 20


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which simulated listeners have rated, with the ``taste.json`` of it."""
    folder = tmp_path_factory.mktemp("rated")
    rng = np.random.default_rng(0)
    features = rng.normal(USUAL, SPREAD, (N_CLIPS, len(FEATURES)))
    key = {
        f"clip-{index}": {"pair": index // 2, "fader": index % 2, "features": row.tolist()}
        for index, row in enumerate(features)
    }
    (folder / "key.json").write_text(json.dumps(key))
    liking = (features - USUAL) / SPREAD @ [LIKED.get(name, 0.0) for name in FEATURES]
    with (folder / "answered.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(answered(liking, rng))
    done = CliRunner().invoke(
        app,
        ["rate", "fit", str(folder / "answered.csv"), "--ratings", str(folder / "r.sqlite"),
         "--key", str(folder / "key.json"), "-o", str(folder / "taste.json")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return folder


def answered(liking: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, ...]]:
    """What listeners of one taste answer to every pair, with Davidson's chances."""
    for listener in range(N_LISTENERS):
        for pair in range(N_CLIPS // 2):
            first, second = 2 * pair, 2 * pair + 1
            apart = liking[first] - liking[second]
            shares = np.array([np.exp(apart / 2), 0.3, np.exp(-apart / 2)])
            answer = rng.choice(["first", "tie", "second"], p=shares / shares.sum())
            yield f"l{listener}", "creative", f"clip-{first}", f"clip-{second}", answer


def heard(taste: Taste | None) -> tuple[list[Assessed], list[dict[str, Judgement]]]:
    """What the steerer told of the band, and the judgements of the bots that it rests on."""
    told: list[Assessed] = []
    judged: list[dict[str, Judgement]] = []
    judge = shipped_judge()
    assert judge is not None

    def remember(role, passage, first_bar):
        found = judge(role, passage, first_bar)
        if not judged or role in judged[-1]:
            judged.append({})
        judged[-1][role] = found
        return found

    async def session() -> None:
        piece = parse_piece(PIECE, source="piece.toml")
        steerer = Steerer()
        steerer.judge = remember
        await perform_here(
            piece, piece.score(seed=0), [], network=LoopbackNetwork(),
            listeners={STEERER_ID: Guest(steerer, guest_of(taste).settings)},
            on_steering=lambda news, tick: told.append(news) if not news.bot_id else None,
        )  # fmt: skip

    run_offline(session())
    return told, judged


def test_the_bands_number_is_what_the_fitted_preference_says_of_it(fitted: Path) -> None:
    taste = taste_of(load_piece("trio"), str(fitted / "taste.json"))
    assert taste is not None
    assert taste.weight > 0.2
    told, judged = heard(taste)
    assert len(told) == len(judged) >= 5
    for assessed, bots in zip(told, judged, strict=True):
        features = np.mean([judgement.features for judgement in bots.values()], axis=0)
        f = float((features - taste.mean) / taste.spread @ taste.weights)
        s = fmean(judgement.score for judgement in bots.values())
        wanted = (1 - taste.weight) * s + taste.weight / (1 + np.exp(-f))
        assert assessed.score == pytest.approx(wanted, abs=GRID)
        assert assessed.weight == pytest.approx(taste.weight)
    plain, _ = heard(None)
    assert {assessed.weight for assessed in plain} == {0.0}
    assert [a.score for a in plain] != [a.score for a in told]


def test_what_the_listeners_like_makes_the_number_rise(fitted: Path) -> None:
    taste = taste_of(load_piece("trio"), str(fitted / "taste.json"))
    assert taste is not None
    usual = dict(zip(FEATURES, taste.mean, strict=True))
    spread = dict(zip(FEATURES, taste.spread, strict=True))
    liked = usual | {"run": usual["run"] + spread["run"], "S": usual["S"] - spread["S"]}
    assert taste.liking(list(liked.values())) > 1.0
    assert taste.liking(list(usual.values())) == 0.0


def test_without_weight_the_proxy_stays_alone(fitted: Path) -> None:
    taste = taste_of(load_piece("trio"), str(fitted / "taste.json"))
    assert taste is not None
    told, _ = heard(replace(taste, weight=0.0))
    assert told == heard(None)[0]


def test_the_file_in_the_working_folder_counts_unless_it_is_refused(
    fitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fitted)
    (tmp_path / "piece.toml").write_text(PIECE)
    command = ["render", str(tmp_path / "piece.toml"), "--policy", "nudge", "-q", "-o"]
    weights = {}
    for name, options in (("with", []), ("without", ["--taste", "none"])):
        out = tmp_path / f"{name}.mid"
        done = CliRunner().invoke(app, [*command, str(out), *options])
        assert done.exit_code == 0, done.output
        lines = read_logbook(out.with_suffix(".jsonl"))
        band = [line for line in lines if line["event"] == "assessed" and not line["bot_id"]]
        weights[name] = {line["weight"] for line in band}
    (weight,) = weights["with"]
    assert weight > 0.2
    assert weights["without"] == {0.0}


def test_a_render_says_in_a_line_who_judges(fitted: Path, tmp_path: Path) -> None:
    piece = parse_piece(PIECE.replace("bars = 8", "bars = 2"), source="piece.toml")
    said = render(piece, midi_path=tmp_path / "a.mid", taste=str(fitted / "taste.json")).judged_by
    assert "w = 0." in said
    assert f"of {N_LISTENERS} listeners" in said
    alone = render(piece, midi_path=tmp_path / "a.mid", taste="none").judged_by
    assert "machine's proxy alone (w = 0" in alone


def test_a_piece_names_its_taste_beside_itself(fitted: Path) -> None:
    text = PIECE.replace('mode = "fader"', 'taste = "taste.json"')
    found = taste_of(parse_piece(text, source="piece.toml", folder=fitted), None)
    assert found is not None
    assert found.n_listeners == N_LISTENERS


def test_a_file_that_is_no_taste_is_refused_where_it_was_named_and_else_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taste.json").write_text('{"features": []}')
    with pytest.raises(ConfigError, match="make one with 'musebots rate fit'"):
        taste_of(load_piece("trio"), "taste.json")
    notices: list[str] = []
    assert taste_of(load_piece("trio"), None, on_notice=notices.append) is None
    assert "taste.json cannot be used" in notices[0]
