"""Whether what a bot sends can be compared with what is known of its normal playing. Pure."""

from __future__ import annotations

from creativity.background import Voice
from musebots.generators import STEP_TICKS
from musebots.messages import Activations

__all__ = ["misfit"]

SHOWN_DIGITS = 12


def misfit(message: Activations, voice: Voice) -> str:
    """Why this message does not belong to what is known of its bot; empty if it does."""
    if message.network != voice.network:
        return (
            f"it plays from another network ({message.network[:SHOWN_DIGITS] or 'unnamed'}) than "
            f"the background was made for ({voice.network[:SHOWN_DIGITS]}); calibrate anew"
        )
    if message.n_units != voice.innovation.n_nodes:
        return f"it sent {message.n_units} units, the background has {voice.innovation.n_nodes}"
    if message.step_ticks != STEP_TICKS:
        return f"its steps last {message.step_ticks} ticks, those of the background {STEP_TICKS}"
    return ""
