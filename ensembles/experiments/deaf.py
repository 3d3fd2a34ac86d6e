"""The stock bots, deaf: each believes that it is alone. Time, form and chords they are still told.

They get no notes, nothing that is said from bot to bot (what the others intend), and a roster on
which only they themselves stand: silence of the others would be news, and they have none.
"""

from __future__ import annotations

from musebots.bass import Bass
from musebots.drums import Drums
from musebots.melody import Melody
from musebots.messages import Broadcast, Message, Notes, Roster
from musebots.musebot import Musebot

__all__ = ["DEAF", "DeafBass", "DeafDrums", "DeafMelody"]


class _Deaf(Musebot):
    """Asks for no notes, and lets nothing in that another bot says."""

    def __init__(self) -> None:
        super().__init__()
        self.hears = ()

    def on_message(self, message: Message) -> None:
        """Take in what the Director says, and nothing that another bot does."""
        if isinstance(message, Roster):
            message = Roster(tuple(bot for bot in message.bots if bot[0] == self.id))
        if not isinstance(message, (Notes, Broadcast)):
            super().on_message(message)


class DeafMelody(_Deaf, Melody):
    """A melody that hears nobody."""


class DeafBass(_Deaf, Bass):
    """A bass that hears nobody."""


class DeafDrums(_Deaf, Drums):
    """Drums that hear nobody."""


DEAF = {
    "melody": f"{__name__}:DeafMelody",
    "bass": f"{__name__}:DeafBass",
    "drums": f"{__name__}:DeafDrums",
}
"""How a piece names them, by role."""
