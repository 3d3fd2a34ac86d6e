"""A fader moved by hand, by a piece, by message: offline, with real networks. Seed 0."""

import itertools

import numpy as np
import pytest

from director.outputs.memory import MemoryOutput, paired_notes
from director.playback import DEFAULT_HORIZON_SECONDS
from ensembles.config import parse_piece
from ensembles.rendering import Guest, perform_here
from ensembles.stage import opened
from musebots.messages import Activations, Fader, Policy, Steered
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline
from musebots.player import HORIZON_SECONDS, WAY_SECONDS

from .steered import Hand, checkpoints, steered_piece

OPEN_SECONDS = HORIZON_SECONDS + WAY_SECONDS
TICKS_PER_SECOND = 960  # at 120 bpm


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return checkpoints(tmp_path_factory.mktemp("steered"))


def played(piece, *moves):
    """What each bot played, and what the hand heard."""

    async def perform():
        score, memory, hand = piece.score(), MemoryOutput(), Hand()
        hand.moves = moves
        async with opened([memory], score):
            report = await perform_here(
                piece, score, [memory], network=LoopbackNetwork(), listeners={"hand": Guest(hand)}
            )
        assert not report.n_late
        assert not report.faults
        return paired_notes(memory.events), hand.heard

    return run_offline(perform())


def first_change(before, after):
    """The onset tick at which two lists of notes part."""
    for one, other in zip(before, after, strict=False):
        if one != other:
            return min(one.onset_ticks, other.onset_ticks)
    return None


def test_with_all_faders_at_rest_it_is_the_music_as_learned(folder):
    plain, _ = played(steered_piece(folder))
    moved, heard = played(steered_piece(folder), (0, Fader("", 0.0)), (2000, Fader("bass", 0.0)))
    assert moved == plain
    assert not [m for _, m in heard if isinstance(m, Steered)]


def test_bolder_and_calmer_are_heard_in_every_role(folder):
    counts = {}
    for value in (-1.0, 1.0):
        steering = f"steering = {{ fader = {value} }}"
        notes, _ = played(steered_piece(folder, bars=16, steering=steering))
        counts[value] = {bot: len(of) for bot, of in notes.items()}
    for role in ("melody", "bass", "drums"):
        assert counts[-1.0][role] < counts[1.0][role], role


@pytest.mark.parametrize("moved_at", [960, 2000, 3333, 4700, 5700])
def test_a_fader_is_heard_from_the_first_step_that_is_still_open(folder, moved_at):
    """Every note before the horizon stands; what begins after the next free step is new."""
    plain, _ = played(steered_piece(folder, bars=5))
    moved, _ = played(steered_piece(folder, bars=5), (moved_at, Fader("", 1.0)))
    horizon_tick = moved_at + round(OPEN_SECONDS * TICKS_PER_SECOND)
    for role in ("melody", "bass", "drums"):
        changed = first_change(plain[role], moved[role])
        assert changed is not None, role
        assert changed >= moved_at + DEFAULT_HORIZON_SECONDS * TICKS_PER_SECOND
        steps = [tick for tick in range(0, 5 * 1920, 120) if tick - 60 >= horizon_tick]
        sounding = [
            n.onset_ticks + n.duration_ticks
            for n in plain[role]
            if role != "drums" and n.onset_ticks < steps[0] < n.onset_ticks + n.duration_ticks
        ]
        open_tick = max([steps[0], *sounding])
        # two bars of steps at full bold: that nothing differs by chance is out of the question
        assert changed <= open_tick + 2 * 1920, (role, changed, open_tick)


SIXTEENTHS = """
import numpy as np
from musebots.generators import Onset, Step
from musebots.player import GeneratorBot


class Sixteenths:
    n_units, alpha_range, n = 1, (-0.5, 0.5), 0

    def step(self, context):
        self.n += 1
        pitch = 60 + round(20 * context.alpha)
        return Step((Onset(pitch, 80),), False, np.zeros(1, np.float32))

    def snapshot(self):
        return self.n

    def restore(self, snapshot):
        self.n = snapshot


class Player(GeneratorBot):
    role = network = "melody"
    lead = {lead}

    def make_generator(self):
        return Sixteenths()

    def ending(self, start_tick, end_tick):
        return []
"""


@pytest.mark.parametrize("lead", [0.5, 1.5, 3.0])
def test_from_fader_to_the_first_changed_note_it_takes_the_horizon_and_the_step(tmp_path, lead):
    """The first step that begins a horizon after the move is the first that it changes."""
    path = tmp_path / "sixteenths.py"
    path.write_text(SIXTEENTHS.format(lead=lead))
    text = 'title = "Sixteenths"\nbars = 5\ntempo = { ritardando = false, bpm = 120 }\n'
    text += f'[[bot]]\nclass = "{path}"\nid = "melody"\n'
    text += '[[section]]\nname = "A"\nchords = "C"\n'
    delays = []
    for moved_at in range(700, 7000, 233):
        notes, _ = played(parse_piece(text), (moved_at, Fader("", 1.0)))
        first = min(n.onset_ticks for n in notes["melody"] if n.pitch == 70)
        assert all(n.pitch == 70 for n in notes["melody"] if n.onset_ticks >= first)
        assert len(notes["melody"]) == 64
        delays.append((first - moved_at) / TICKS_PER_SECOND)
    step_seconds = 0.125
    assert min(delays) >= DEFAULT_HORIZON_SECONDS
    assert max(delays) <= OPEN_SECONDS + step_seconds


def test_a_hand_that_never_rests_loses_and_doubles_no_note(folder):
    rng = np.random.default_rng(0)
    moves = [(tick, Fader("", float(rng.uniform(-1, 1)))) for tick in range(500, 6000, 37)]
    notes, _ = played(steered_piece(folder, bars=5), *moves)
    for role in ("melody", "bass"):
        line = notes[role]
        for one, other in itertools.pairwise(line):
            assert one.onset_ticks + one.duration_ticks <= other.onset_ticks, role
    hits = [(n.onset_ticks, n.pitch) for n in notes["drums"]]
    assert len(set(hits)) == len(hits)


def test_a_fader_that_was_moved_before_a_bot_was_there_holds_for_it(folder):
    """The Director tells a bot that joins where the faders stand, before it is prepared."""
    early, _ = played(steered_piece(folder, steering='steering = { mode = "off", fader = 1.0 }'))
    assert early == played(steered_piece(folder))[0]


def test_the_same_moves_give_the_same_music(folder):
    moves = [(1500, Fader("melody", 0.7)), (3000, Fader("", -0.5))]
    assert played(steered_piece(folder), *moves)[0] == played(steered_piece(folder), *moves)[0]


def test_off_plays_as_learned_whatever_the_faders_say(folder):
    plain, _ = played(steered_piece(folder))
    off, _ = played(steered_piece(folder), (-960, Policy("off")), (-900, Fader("", 1.0)))
    assert off == plain


def test_a_section_has_its_own_faders_and_one_bot_can_have_another(folder):
    section = "fader = { melody = 1.0 }"
    plain, _ = played(steered_piece(folder))
    moved, heard = played(steered_piece(folder, section=section))
    assert moved["melody"] != plain["melody"]
    told = {m.bot_id: m.value for _, m in heard if isinstance(m, Steered)}
    assert told == {"melody": 1.0}


def test_a_bar_tells_how_far_it_was_steered_and_what_that_costs(folder):
    _, heard = played(steered_piece(folder, steering="steering = { fader = 0.4 }"))
    told = [m for _, m in heard if isinstance(m, Steered) and m.bot_id == "melody"]
    assert [m.first_tick for m in told] == [1920 * bar for bar in range(8)]
    assert all(m.value == pytest.approx(0.4, abs=1e-4) for m in told)
    assert all(m.kl > 0 and m.cost > 0 for m in told), told


class Listener(Hand):
    """Hears activations, while it moves faders."""

    hears = ("activations",)


def heard_steps(piece, *moves):
    """Every step that bots told, by bot, in the order of telling."""

    async def perform():
        score, memory, hand = piece.score(), MemoryOutput(), Listener()
        hand.moves = moves
        async with opened([memory], score):
            await perform_here(
                piece, score, [memory], network=LoopbackNetwork(), listeners={"hand": Guest(hand)}
            )
        told = {}
        for _, message in hand.heard:
            if isinstance(message, Activations):
                last = message.first_tick + len(message.rows) * message.step_ticks
                told.setdefault(message.bot_id, []).extend(range(message.first_tick, last, 120))
        return told

    return run_offline(perform())


def test_who_listens_hears_each_step_once_also_while_a_hand_moves(folder):
    """But for the first move: what had been told of the bars planned by then is told anew."""
    piece = steered_piece(folder, bars=6)
    everything = list(range(0, 6 * 1920, 120))
    assert all(ticks[: len(everything)] == everything for ticks in heard_steps(piece).values())
    moves = [(tick, Fader("", 0.3 + tick / 50_000)) for tick in range(2000, 9000, 150)]
    for ticks in heard_steps(piece, *moves).values():
        back = [b for a, b in itertools.pairwise(ticks) if b <= a]
        assert len(back) <= 1
        assert sorted(set(ticks))[: len(everything)] == everything
