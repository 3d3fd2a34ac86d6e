"""The smallest musebot: this file is all it takes, and it stands in the README word for word."""

from musebots import Musebot, Note


class Hello(Musebot):
    """Play the root of the chord on every beat."""

    async def play(self) -> None:
        async for beat in self.clock.beats(lead=0.5):
            chord = self.harmony.at(beat)
            self.send(Note(onset=beat, pitch=48 + chord.root_pc, duration=0.5))
