"""Activations as browsers get them: one byte a unit, a header of JSON before them. Pure."""

from __future__ import annotations

import json
import struct

import numpy as np

from musebots.messages import Activations

__all__ = ["frame_of"]

FULL_SCALE = 127


def frame_of(message: Activations) -> bytes:
    """A binary frame: length of the header (uint32, little-endian), header, int8 step by step.

    The header is JSON: bot, layer, first tick, ticks a step, units, steps and `scale`, by which the
    bytes are multiplied to get activations. Raises `ValueError` for steps that are not whole.
    """
    rows = np.nan_to_num(message.rows, nan=0.0, posinf=0.0, neginf=0.0)
    peak = max(1.0, float(np.abs(rows).max()))
    header = json.dumps(
        {
            "bot": message.bot_id,
            "layer": message.layer,
            "network": message.network[:12],
            "tick": message.first_tick,
            "step": message.step_ticks,
            "units": message.n_units,
            "steps": len(rows),
            "scale": peak / FULL_SCALE,
            "surprise": [
                None if np.isnan(nats) else round(float(nats), 2) for nats in message.surprises
            ],
        },
        separators=(",", ":"),
    ).encode()
    body = np.round(rows * (FULL_SCALE / peak)).astype(np.int8).tobytes()
    return struct.pack("<I", len(header)) + header + body
