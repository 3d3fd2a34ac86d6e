"""All messages, in the order of the protocol table."""

from __future__ import annotations

from musebots.messages.base import Message
from musebots.messages.classic import AgentList, Alive, Broadcast, Gain, Meter, Off, Time
from musebots.messages.continuing import Progress, State
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
from musebots.messages.listening import Activations, Flag, Monitoring, Wanted
from musebots.messages.music import Bars, Cancel, Ending, Form, HarmonyPlan, Notes, Tempo
from musebots.messages.remote import Sealed
from musebots.messages.steering import Action, Assessed, Fader, Policy, Steer, Steered
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

__all__ = ["MESSAGES"]

MESSAGES: tuple[type[Message], ...] = (
    Alive, Time, Meter, AgentList, Gain, Off, Broadcast, Hello, Welcome, Ready, Bye, Roster,
    ClockPing, ClockPong, Tempo, Lead, Bars, HarmonyPlan, Form, Ending, Notes, Heard, Cancel,
    Progress, State, Wanted, Activations, Flag, Monitoring, Score, Strip, Levels, Member, Notice,
    Control, Fader, Policy, Steer, Steered, Assessed, Action, Mix, Instrument, SetTempo, Hold,
    Horizon, Rating, Panic, Add, Remove, Replace, Stop, Sealed,
)  # fmt: skip
