"""Small real directions for the shipped networks, and pieces that are played along them.

Bolder is, in a melody and a bass, to begin more notes instead of holding them; in drums, to strike
more of them: a difference of rows of the network's own readout.
"""

import shutil
from importlib import resources
from pathlib import Path

import numpy as np

from ensembles.config import parse_piece
from musebots.musebot import Musebot
from musebots.rnn.checkpoint import shipped_checkpoint
from musebots.rnn.exact import on_grid
from musebots.rnn.steering import Steering
from musebots.rnn.steering_files import save_steering
from musebots.rnn.vocabulary import FIRST_NOTE, ROLES

PIECE = """title = "Steered"
bars = {bars}
tempo = {{ bpm = 120, ritardando = false }}
{steering}
[[section]]
name = "A"
chords = "C | Am | F | G"
{section}
"""


def direction(role, *, reach=0.5):
    """One vector: towards more onsets."""
    checkpoint = shipped_checkpoint(role)
    weight = checkpoint.stepper().token_head[0]
    if role == "drums":
        masks = [checkpoint.vocabulary.mask_of(token) for token in range(len(weight))]
        n_hits = np.array([mask.bit_count() for mask in masks])
        theta = weight[n_hits >= 2].mean(axis=0) - weight[n_hits == 0].mean(axis=0)
    else:
        theta = weight[FIRST_NOTE:].mean(axis=0) - weight[:FIRST_NOTE].mean(axis=0)
    theta = on_grid(theta / np.linalg.norm(theta) * 16.0).astype(np.float32)
    return Steering(role, checkpoint.sha256, "vector", 0, (-reach, reach), {"theta": theta})


def checkpoints(folder, **options):
    """The shipped networks, each with a direction beside it, in a folder."""
    for role in ROLES:
        path = folder / f"{role}.safetensors"
        with_shipped = shipped_path(role)
        shutil.copy(with_shipped, path)
        shutil.copy(with_shipped.with_suffix(".json"), path.with_suffix(".json"))
        save_steering(direction(role, **options), folder / f"{role}.steering.safetensors", {})
    return folder


def shipped_path(role):
    return Path(str(resources.files("musebots") / "checkpoints" / f"{role}.safetensors"))


def steered_piece(folder, *, bars=8, steering="", section="", roles=("melody", "bass", "drums")):
    """A piece whose bots can be steered; `folder` is one of `checkpoints`."""
    bots = "".join(
        f'[[bot]]\nrole = "{role}"\nsettings = {{ checkpoint = "{role}.safetensors" }}\n'
        for role in roles
    )
    text = PIECE.format(bars=bars, steering=steering, section=section) + bots
    return parse_piece(text, source="steered.toml", folder=folder)


class Hand(Musebot):
    """Moves faders and policies at ticks: ``Hand.moves = [(tick, message), ...]``."""

    role = "listener"
    hears = ("steering",)
    moves = ()

    def __init__(self):
        super().__init__()
        self.heard = []

    async def play(self):
        for tick, message in self.moves:
            await self.clock.until_tick(tick)
            self.tell(message)

    def hear(self, message):
        self.heard.append((self.clock.tick_now if self.clock.is_started else None, message))
