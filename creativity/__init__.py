"""Creativity: who listens for the unexpected.

The subset scan is a library of its own: it takes any network's activations. Names are imported
when they are first used, so that ``import creativity`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from creativity.innovation import Innovation
    from creativity.planes import Preference
    from creativity.pvalues import empirical_p_values
    from creativity.residual import ConditionalResidual
    from creativity.scan import ScanResult, scan_group, scan_individual
    from creativity.scores import score_counts, score_subset
    from creativity.streaming import StreamingScanner, warm_up
    from creativity.tables import NullTable

_HOMES = {
    "ConditionalResidual": "creativity.residual",
    "Innovation": "creativity.innovation",
    "NullTable": "creativity.tables",
    "Preference": "creativity.planes",
    "ScanResult": "creativity.scan",
    "StreamingScanner": "creativity.streaming",
    "empirical_p_values": "creativity.pvalues",
    "scan_group": "creativity.scan",
    "scan_individual": "creativity.scan",
    "score_counts": "creativity.scores",
    "score_subset": "creativity.scores",
    "warm_up": "creativity.streaming",
}

__all__ = [
    "ConditionalResidual",
    "Innovation",
    "NullTable",
    "Preference",
    "ScanResult",
    "StreamingScanner",
    "empirical_p_values",
    "scan_group",
    "scan_individual",
    "score_counts",
    "score_subset",
    "warm_up",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'creativity' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
