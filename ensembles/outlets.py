"""Where the notes of a live performance go, beside the sound: recordings, files, MIDI ports."""

from __future__ import annotations

from pathlib import Path

from director.outputs.audio import WavOutput
from director.outputs.base import Output
from director.outputs.midiclock import MidiClockOutput
from director.outputs.midifile import MidiFileOutput
from director.outputs.midiport import MidiPortOutput
from director.outputs.recording import RecordingOutput
from director.score import Score
from ensembles.config import Piece
from ensembles.performance import LiveOptions
from ensembles.sessions.recorder import JournalledMidiFile, Recorder

__all__ = ["outlets_of", "recording_of"]


def recording_of(options: LiveOptions, recorder: Recorder | None) -> Path:
    """The file that the performance is recorded to: one that was named, or in its own folder."""
    if options.midi_path is not None:
        return options.midi_path
    if recorder is None:
        raise RuntimeError("a session without a folder records elsewhere")
    return recorder.folder.recording


def outlets_of(
    piece: Piece, options: LiveOptions, score: Score, recorder: Recorder | None
) -> list[Output]:
    """The recording, and the files and ports that the piece or the command line ask for.

    Recordings of a session that is taken up again begin with what was played before.
    """
    path = recording_of(options, recorder)
    recording = MidiFileOutput(path) if recorder is None else JournalledMidiFile(path, recorder)
    outlets: list[Output] = [recording, *_written(piece), *_wired(piece, options)]
    if options.saved is not None:
        before = options.saved.before(score)
        for outlet in outlets:
            if isinstance(outlet, RecordingOutput):
                outlet.begin_with(before.events)
    return outlets


def _written(piece: Piece) -> list[Output]:
    outlets: list[Output] = []
    for spec in piece.outputs:
        if spec.kind == "midifile" and spec.path is not None:
            outlets.append(MidiFileOutput(spec.path))
        elif spec.kind == "wav" and spec.path is not None:
            outlets.append(WavOutput(spec.path))
    return outlets


def _wired(piece: Piece, options: LiveOptions) -> list[Output]:
    """Ports; one that the command line names stands for those of the piece."""
    outlets: list[Output] = []
    for spec in piece.outputs:
        if spec.kind == "midiport" and options.midi_out is None:
            outlets.append(MidiPortOutput(spec.port))
        elif spec.kind == "midiclock" and options.clock_out is None:
            outlets.append(MidiClockOutput(spec.port))
    if options.midi_out is not None:
        outlets.append(MidiPortOutput(options.midi_out))
    if options.clock_out is not None:
        outlets.append(MidiClockOutput(options.clock_out))
    return outlets
