"""A session as a Standard MIDI File, written when it ends."""

from __future__ import annotations

from director.outputs.recording import RecordingOutput
from director.outputs.smf import midi_file
from director.outputs.targets import whole_file

__all__ = ["MidiFileOutput"]


class MidiFileOutput(RecordingOutput):
    """Writes everything that was played, as one file, when the session ends.

    The file appears whole or not at all. Its bytes depend on the events and the score alone.

    Parameters
    ----------
    path : Path or str
        Where to; its folder must exist. A file that is there is replaced.
    """

    @property
    def name(self) -> str:
        """``midifile trio.mid``."""
        return f"midifile {self.path.name}"

    async def close(self) -> None:
        """Write the file; notes that still sound are ended.

        Raises
        ------
        ConfigError
            If it can no longer be written. Nothing is left behind then.
        """
        score, self._score = self._score, None
        if score is None:
            return
        file = midi_file(score, self._events, stop_tick=self._stop_tick)
        with whole_file(self.path) as part:
            file.save(part)
