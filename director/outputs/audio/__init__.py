"""Sound: a small band of synthesisers in pyo, always in a process of its own.

pyo keeps global state and can crash the process that it lives in, so nothing outside the worker
process imports it: `AudioOutput` and `WavOutput` talk to `director.outputs.audio.worker`.
"""

from director.outputs.audio.engine import AudioOutput
from director.outputs.audio.render import WavOutput

__all__ = ["AudioOutput", "WavOutput"]
