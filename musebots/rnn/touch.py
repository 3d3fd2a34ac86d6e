"""How hard, and how late, what was chosen is struck. Pure."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from musebots.generators import Onset, StepContext
from musebots.notes import MAX_VELOCITY
from musebots.rnn.dynamics import LevelModel, heard_levels_of, velocity_of_level
from musebots.rnn.exact import Float64Array
from musebots.rnn.memory import Memory
from musebots.rnn.sampling import draw, velocity_in_level
from musebots.rnn.stepper import Stepper
from musebots.rnn.vocabulary import DRUM_CLASSES, DRUM_PITCHES, DrumVocabulary

__all__ = ["strike_drums", "strike_note"]

_N_CLASSES = len(DRUM_CLASSES)
_TICKS_PER_STEP = 120
_OFFSET_LIMIT_TICKS = 50
_OFFSET_LOOSENESS = 0.3
_SD_OF_UNIFORM = 0.28867513459481287
_DRUM_TEMPERATURE, _DRUM_TOP_P = 0.8, 0.95
_VOICE_TEMPERATURE, _VOICE_TOP_P = 1.0, 0.98
_ON_BAR, _ON_BEAT, _OFF_BEAT, _BETWEEN = 84, 76, 70, 64
_INTENSITY_SPAN = 40
_JITTER = 6


def strike_drums(
    stepper: Stepper,
    vocabulary: DrumVocabulary,
    token: int,
    uniform: Float64Array,
    *,
    spread: npt.NDArray[Any] | None,
) -> tuple[Onset, ...]:
    """The drums of a token, each with its learned velocity and lateness.

    Parameters
    ----------
    stepper : Stepper
        After the step.
    vocabulary : DrumVocabulary
    token : int
        What is struck.
    uniform : Float64Array
        (18,) numbers in [0, 1): for the velocity of each drum, and for its lateness.
    spread : array or None
        (9,): how far drummers stray from the expected lateness, in 16ths.
    """
    classes = vocabulary.classes_of(token)
    if not classes:
        return ()
    touch = stepper.touch(token)  # (9, levels + 1)
    onsets = []
    for drum in classes:
        for_velocity, for_offset = float(uniform[drum]), float(uniform[_N_CLASSES + drum])
        # one number chooses the level and, by what is left of it, the place in it
        level = draw(
            touch[drum, :-1], for_velocity, temperature=_DRUM_TEMPERATURE, top_p=_DRUM_TOP_P
        )
        velocity = velocity_in_level(level, for_velocity * 1024 % 1.0)
        sd = 0.0 if spread is None else float(spread[drum])
        stray = (for_offset - 0.5) / _SD_OF_UNIFORM * sd * _OFFSET_LOOSENESS
        late = round((float(touch[drum, -1]) + stray) * _TICKS_PER_STEP)
        late = max(-_OFFSET_LIMIT_TICKS, min(late, _OFFSET_LIMIT_TICKS))
        onsets.append(Onset(DRUM_PITCHES[drum], velocity, late))
    return tuple(onsets)


def strike_note(
    levels: LevelModel | None, memory: Memory, context: StepContext, uniform: float
) -> tuple[int, int]:
    """How hard a voice strikes a note.

    Parameters
    ----------
    levels : LevelModel or None
        What the network's file says of velocities, if it does.
    memory : Memory
        Before the note.
    context : StepContext
    uniform : float
        A number in [0, 1).

    Returns
    -------
    velocity : int
        1..127.
    loudness : int
        Its level plus 1, as the memory keeps it; 0 where no levels are known.
    """
    if levels is None:
        return _accented(context, uniform), 0
    logits = levels.logits(heard_levels_of(context, memory))
    level = draw(logits, uniform, temperature=_VOICE_TEMPERATURE, top_p=_VOICE_TOP_P)
    return velocity_of_level(level, context.intensity, uniform * 1024 % 1.0), 1 + level


def _accented(context: StepContext, uniform: float) -> int:
    """A velocity by the place in the bar: the bar line, a beat, an off-beat, between."""
    step, beat = context.step_in_bar, 6 if context.is_compound else 4
    if step == 0:
        velocity = _ON_BAR
    elif step % beat == 0:
        velocity = _ON_BEAT
    else:
        velocity = _OFF_BEAT if step % 2 == 0 else _BETWEEN
    velocity += round((context.intensity - 0.5) * _INTENSITY_SPAN)
    velocity += round((uniform - 0.5) * 2 * _JITTER)
    return max(1, min(velocity, MAX_VELOCITY))
