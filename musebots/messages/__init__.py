"""Every message on the wire, one frozen dataclass each; this package is the protocol document.

Two dialects travel over OSC 1.0 in UDP datagrams. The *classic* one is what musebots have spoken
since 2015 (`/agent/...`, `/mc/...`, `/broadcast/...`), type for type, because old bots die of a
wrong type. *Ours* lives under `/musebots/...` and goes only to bots that said hello in it.

Musical time is in int32 ticks (1/480 beat) from the first downbeat, clocks are in int64
nanoseconds. Reading is liberal (an int where a float belongs, a missing sender, trailing values),
writing is strict. `tags` are the OSC types of the fixed fields; a trailing ``*`` group repeats.
"""

from musebots.messages.base import Message, OscValue, Unknown
from musebots.messages.classic import AgentList, Alive, Broadcast, Gain, Meter, Off, Time
from musebots.messages.continuing import DONE_TICK, Progress, State
from musebots.messages.controls import (
    Add,
    Control,
    Hold,
    Instrument,
    Mix,
    Remove,
    Replace,
    SetTempo,
    Stop,
)
from musebots.messages.joining import Bye, ClockPing, ClockPong, Hello, Ready, Roster, Welcome
from musebots.messages.leading import Heard, Lead
from musebots.messages.listening import (
    MAX_UNITS,
    Activations,
    Flag,
    Monitoring,
    Wanted,
    steps_per_message,
)
from musebots.messages.music import (
    MAX_CHORDS_PER_MESSAGE,
    MAX_NOTES_PER_MESSAGE,
    NOT_STARTED,
    Bars,
    Cancel,
    Ending,
    Form,
    HarmonyPlan,
    Notes,
    Tempo,
)
from musebots.messages.remote import Sealed
from musebots.messages.steering import (
    AT_ONCE,
    MEANS,
    MODES,
    Action,
    Assessed,
    Fader,
    Policy,
    Steer,
    Steered,
)
from musebots.messages.table import MESSAGES
from musebots.messages.watching import (
    Horizon,
    Levels,
    Member,
    Notice,
    Panic,
    Rating,
    Score,
    Strip,
)
from musebots.messages.wire import MAX_DATAGRAM_BYTES, decode, decode_all, encode, plain

__all__ = [
    "AT_ONCE", "DONE_TICK", "MAX_CHORDS_PER_MESSAGE", "MAX_DATAGRAM_BYTES", "MAX_NOTES_PER_MESSAGE",
    "MAX_UNITS", "MEANS", "MESSAGES", "MODES", "NOT_STARTED", "PROTOCOL_VERSION", "Action",
    "Activations", "Add", "AgentList", "Alive", "Assessed", "Bars", "Broadcast", "Bye", "Cancel",
    "ClockPing", "ClockPong", "Control", "Ending", "Fader", "Flag", "Form", "Gain", "HarmonyPlan",
    "Heard", "Hello", "Hold", "Horizon", "Instrument", "Lead", "Levels", "Member", "Message",
    "Meter", "Mix", "Monitoring", "Notes", "Notice", "Off", "OscValue", "Panic", "Policy",
    "Progress", "Rating", "Ready", "Remove", "Replace", "Roster", "Score", "Sealed", "SetTempo",
    "State", "Steer", "Steered", "Stop", "Strip", "Tempo", "Time", "Unknown", "Wanted", "Welcome",
    "decode", "decode_all", "encode", "plain", "steps_per_message",
]  # fmt: skip

PROTOCOL_VERSION = 1
