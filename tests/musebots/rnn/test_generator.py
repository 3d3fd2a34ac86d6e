"""A generator plays in range, repeats itself from a seed, and goes back to a snapshot."""

from __future__ import annotations

import gc
import hashlib
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musebots.errors import CheckpointError
from musebots.generators import SequenceGenerator, Step, StepContext
from musebots.harmony import Chord, Key
from musebots.rnn.checkpoint import Checkpoint, save_checkpoint
from musebots.rnn.features import read_features
from musebots.rnn.generator import NeuralGenerator, load_generator
from musebots.rnn.limits import RANGES, pitch_range
from musebots.rnn.memory import Memory
from musebots.rnn.vocabulary import DRUM_PITCHES, ROLES, DrumVocabulary, Groove, Role

PROGRESSION = [Chord.parse(symbol) for symbol in ("C", "Am", "F", "G7")]


def contexts(n_bars: int, steps_per_bar: int = 16, **knobs: object) -> Iterator[StepContext]:
    """C Am F G7, one chord a bar."""
    for bar in range(n_bars):
        for step in range(steps_per_bar):
            yield StepContext(
                step_in_bar=step,
                steps_per_bar=steps_per_bar,
                bar_in_phrase=bar % 4,
                chord=PROGRESSION[bar % 4],
                next_chord=PROGRESSION[(bar + 1) % 4],
                steps_to_next=steps_per_bar - step,
                **knobs,  # type: ignore[arg-type]
            )


def same(a: Step, b: Step) -> bool:
    """Whether two steps are equal to the last bit."""
    return (a.onsets, a.is_hold) == (b.onsets, b.is_hold) and np.array_equal(a.hidden, b.hidden)


def test_same_seed_plays_the_same(checkpoint: Checkpoint) -> None:
    players = [NeuralGenerator(checkpoint, np.random.default_rng(0)) for _ in range(2)]
    for context in contexts(8):
        assert same(players[0].step(context), players[1].step(context))


def test_drummer_has_the_groove_in_mind_before_the_first_stroke(
    make_checkpoint: Callable[..., Checkpoint],
) -> None:
    plain = make_checkpoint("drums")
    assert isinstance(plain.vocabulary, DrumVocabulary)
    groove = Groove("rock", False, (1, 0, 2, 0, 3, 0, 2, 0) * 2)
    minded = replace(plain, vocabulary=replace(plain.vocabulary, grooves=(groove,)))
    (first, *_) = contexts(1)
    drummer = NeuralGenerator(minded, np.random.default_rng(0))
    played = drummer.step(first)
    # the same as having played it for two bars, but for the dice
    stepper, memory = plain.stepper(), Memory(plain.vocabulary)
    for bar in (2, 3):
        for step, token in enumerate(groove.tokens):
            context = replace(first, step_in_bar=step, bar_in_phrase=bar)
            stepper.step(read_features(plain.feature_names, plain.vocabulary, context, memory))
            memory.observe(context, token)
    stepper.step(read_features(plain.feature_names, plain.vocabulary, first, memory))
    assert np.array_equal(played.hidden, stepper.hidden)
    untuned = NeuralGenerator(plain, np.random.default_rng(0)).step(first)
    assert not np.array_equal(untuned.hidden, played.hidden)


def test_other_seeds_play_otherwise(checkpoint: Checkpoint) -> None:
    played = []
    for seed in range(2):
        player = NeuralGenerator(checkpoint, np.random.default_rng(seed))
        played.append([player.step(context).onsets for context in contexts(4)])
    assert played[0] != played[1]


def test_restored_generator_plays_on_bit_for_bit(checkpoint: Checkpoint) -> None:
    player: SequenceGenerator = NeuralGenerator(checkpoint, np.random.default_rng(0))
    upcoming = list(contexts(12))
    for context in upcoming[:77]:
        player.step(context)
    kept = player.snapshot()
    first = [player.step(context) for context in upcoming[77:]]
    player.restore(kept)
    again = [player.step(context) for context in upcoming[77:]]
    assert all(same(a, b) for a, b in zip(first, again, strict=True))
    player.restore(kept)
    assert same(player.step(upcoming[77]), first[0])


def test_snapshot_of_something_else_is_refused(checkpoint: Checkpoint) -> None:
    player = NeuralGenerator(checkpoint, np.random.default_rng(0))
    with pytest.raises(TypeError, match="snapshot"):
        player.restore({})


def test_every_step_uses_the_same_amount_of_chance(checkpoint: Checkpoint) -> None:
    rng, twin = np.random.default_rng(0), np.random.default_rng(0)
    player = NeuralGenerator(checkpoint, rng)
    for context in contexts(2):
        player.step(context)
        twin.random(19 if checkpoint.role == "drums" else 2)
        assert rng.bit_generator.state == twin.bit_generator.state


def test_reset_forgets_the_music_but_not_the_dice(checkpoint: Checkpoint) -> None:
    player = NeuralGenerator(checkpoint, np.random.default_rng(0), temperature=0)
    first = [player.step(context).hidden for context in contexts(2)]
    player.reset()
    again = [player.step(context).hidden for context in contexts(2)]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 99),
    register=st.floats(0, 1),
    intensity=st.floats(0, 1),
    tonic=st.integers(0, 11),
    steps_per_bar=st.sampled_from([8, 12, 16, 24]),
)
def test_what_is_played_obeys_the_limits(
    checkpoint: Checkpoint,
    seed: int,
    register: float,
    intensity: float,
    tonic: int,
    steps_per_bar: int,
) -> None:
    player = NeuralGenerator(checkpoint, np.random.default_rng(seed))
    is_sounding = False
    knobs = {"register": register, "intensity": intensity, "key": Key(tonic)}
    for context in contexts(4, steps_per_bar, **knobs):
        step = player.step(context)
        assert not (step.onsets and step.is_hold)
        assert step.hidden.shape == (player.n_units,)
        assert all(1 <= onset.velocity <= 127 for onset in step.onsets)
        assert all(-60 <= onset.offset_ticks <= 60 for onset in step.onsets)
        pitches = [onset.pitch for onset in step.onsets]
        if checkpoint.role == "drums":
            assert set(pitches) <= set(DRUM_PITCHES)
            assert len(set(pitches)) == len(pitches)
            continue
        low, high = pitch_range(checkpoint.role, register)
        assert len(pitches) <= 1
        assert all(low <= pitch <= high for pitch in pitches)
        assert is_sounding or not step.is_hold, "nothing sounded that could be held"
        is_sounding = bool(pitches) or step.is_hold


@pytest.mark.parametrize("role", ROLES)
def test_shipped_generator_never_falls_silent_for_long(role: Role) -> None:
    for seed in range(3):
        player = load_generator(role, rng=np.random.default_rng(seed))
        silent = longest = 0
        for context in contexts(24):
            step = player.step(context)
            silent = 0 if step.onsets or step.is_hold else silent + 1
            longest = max(longest, silent)
        assert longest < 32


@pytest.mark.parametrize("role", ["melody", "bass"])
def test_shipped_generator_hears_the_key(role: Role) -> None:
    # one seed in two keys: the same music, a tone higher, wherever both are in range
    for key in (Key(0), Key(2)):
        player = load_generator(role, rng=np.random.default_rng(0))
        pitch_classes = np.zeros(12)
        for context in contexts(16):
            moved = StepContext(
                **{name: getattr(context, name) for name in ("step_in_bar", "bar_in_phrase")},
                key=key,
                chord=Chord((context.chord.root_pc + key.tonic_pc) % 12, context.chord.quality),
            )
            for onset in player.step(moved).onsets:
                pitch_classes[onset.pitch % 12] += 1
        assert pitch_classes[list(key.scale)].sum() > 0.9 * pitch_classes.sum()


@pytest.mark.parametrize("role", ["melody", "bass"])
def test_density_knob_moves_the_number_of_notes(role: Role) -> None:
    n_notes = []
    for density in (0.1, 0.5, 0.9):
        player = load_generator(role, rng=np.random.default_rng(0))
        played = [player.step(context) for context in contexts(32, density=density)]
        n_notes.append(sum(len(step.onsets) for step in played))
    assert n_notes[0] * 1.2 < n_notes[1] < n_notes[2] / 1.2


def test_ranges_are_those_of_the_instruments() -> None:
    assert pitch_range("melody", 0.5) == RANGES["melody"] == (55, 84)
    assert pitch_range("melody", 0.0) == (48, 77)
    assert pitch_range("bass", 0.9) == (28, 55)


def test_generator_from_a_file_plays_it(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_checkpoint(checkpoint, path, {})
    player = load_generator(checkpoint.role, rng=np.random.default_rng(0), checkpoint=str(path))
    assert player.n_units == checkpoint.stepper().n_units
    assert player.styles == checkpoint.vocabulary.styles


def test_missing_checkpoint_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        load_generator("bass", rng=np.random.default_rng(0), checkpoint=tmp_path / "no.safetensors")


@pytest.mark.parametrize(
    ("temperature", "top_p", "repetition"),
    [(-1, 1, 0.5), (1, 0, 0.5), (1, 1.5, 0.5), (1, 1, -0.1), (1, 1, 1.1)],
)
def test_senseless_settings_are_refused(
    checkpoint: Checkpoint, temperature: float, top_p: float, repetition: float
) -> None:
    settings = {"temperature": temperature, "top_p": top_p, "repetition": repetition}
    with pytest.raises(ValueError, match=r"temperature|top_p|repetition"):
        NeuralGenerator(checkpoint, np.random.default_rng(0), **settings)


def test_a_style_does_not_hear_what_it_never_learned_to(checkpoint: Checkpoint) -> None:
    style = checkpoint.vocabulary.styles[0]
    deaf = replace(checkpoint, unheard={style: ("others",)})
    for network, is_same in ((deaf, True), (checkpoint, False)):
        players = [NeuralGenerator(network, np.random.default_rng(0)) for _ in range(2)]
        heard = [
            player.step(StepContext(0, style=style, others_density=density)).hidden
            for player, density in zip(players, (None, 0.9), strict=True)
        ]
        assert np.array_equal(*heard) == is_same


def test_gates_are_let_out_by_name_where_they_are_asked_for(checkpoint: Checkpoint) -> None:
    plain = NeuralGenerator(checkpoint, np.random.default_rng(0))
    open_ = NeuralGenerator(checkpoint, np.random.default_rng(0), record_gates=True)
    assert plain.layers == {"gru": plain.n_units}
    assert set(open_.layers) == {"gru", "gru.reset", "gru.update", "gru.candidate"}
    for context in contexts(2):
        step, shown = plain.step(context), open_.step(context)
        assert same(step, shown)
        assert step.layers == {}
        assert {name: len(layer) for name, layer in shown.layers.items()} == open_.layers
        assert np.array_equal(shown.layers["gru"], shown.hidden)
        assert (shown.layers["gru.reset"] >= 0).all()


def test_layers_of_a_step_stay_as_they_were(checkpoint: Checkpoint) -> None:
    player = NeuralGenerator(checkpoint, np.random.default_rng(0), record_gates=True)
    first, *rest = (player.step(context) for context in contexts(1))
    kept = {name: layer.copy() for name, layer in first.layers.items()}
    assert len(rest) == 15
    assert all(np.array_equal(first.layers[name], kept[name]) for name in kept)


@pytest.mark.parametrize("role", ["melody", "bass"])
def test_velocity_comes_from_the_levels_and_follows_the_intensity(
    role: Role, make_checkpoint: Callable[..., Checkpoint]
) -> None:
    means, spreads = [], []
    for intensity in (0.1, 0.5, 0.9):
        player = NeuralGenerator(make_checkpoint(role), np.random.default_rng(0))
        steps = [player.step(context) for context in contexts(16, intensity=intensity)]
        velocities = [onset.velocity for step in steps for onset in step.onsets]
        means.append(np.mean(velocities))
        spreads.append(np.std(velocities))
    assert means == sorted(means)
    assert means[2] - means[0] > 20
    assert spreads == sorted(spreads)


def test_a_voice_without_levels_accents_by_the_place_in_the_bar(
    make_checkpoint: Callable[..., Checkpoint],
) -> None:
    whole = make_checkpoint("melody")
    bare = {name: t for name, t in whole.tensors.items() if not name.startswith("levels")}
    player = NeuralGenerator(replace(whole, tensors=bare), np.random.default_rng(0))
    velocities: dict[int, list[int]] = {0: [], 1: []}
    for context in contexts(32):
        for onset in player.step(context).onsets:
            velocities.setdefault(context.step_in_bar, []).append(onset.velocity)
    assert np.mean(velocities[0]) > np.mean(velocities[1]) + 10


def test_playing_on_asks_for_no_more_memory(checkpoint: Checkpoint) -> None:
    player = NeuralGenerator(checkpoint, np.random.default_rng(0))
    upcoming = list(contexts(72))  # what is remembered, 64 bars, is new after as many
    tracemalloc.start()
    try:
        sizes = []
        for _ in range(5):
            for context in upcoming:
                player.step(context)
            gc.collect()  # empties the interpreter's stocks of freed objects, too
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[-1] - sizes[1] < 10_000


@pytest.mark.parametrize("role", ROLES)
def test_shipped_checkpoints_are_small(role: Role) -> None:
    place = resources.files("musebots") / "checkpoints" / f"{role}.safetensors"
    assert len(place.read_bytes()) <= 2_000_000


@pytest.mark.parametrize(
    ("role", "digest"),
    [
        ("melody", "1ff538d50b60a977"),
        ("bass", "d3f61c775b8285ce"),
        ("drums", "67819e2597e9f387"),
    ],
)
def test_a_given_network_and_seed_play_the_same_on_every_machine(
    role: Role, digest: str, make_checkpoint: Callable[..., Checkpoint]
) -> None:
    # were this to fail on one machine only, its arithmetic would not be exact
    player = NeuralGenerator(make_checkpoint(role), np.random.default_rng(0), temperature=0.9)
    played = hashlib.sha256()
    for context in contexts(16):
        step = player.step(context)
        played.update(repr((step.onsets, step.is_hold)).encode())
        played.update(step.hidden.astype("<f4").tobytes())
    assert played.hexdigest()[:16] == digest
