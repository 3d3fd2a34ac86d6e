"""The deviations that are planted: the one that goals are set for, the sparse ones, all."""

from __future__ import annotations

from ensembles.experiments.planting import Plant

__all__ = ["LESSONS", "PLANTS", "REFERENCE", "SPARSE"]

REFERENCE = Plant("injection", 0.2, 0.10, 0.25)
SPARSE = (
    Plant("injection", 0.05, 0.02, 0.25),
    Plant("injection", 0.05, 0.05, 0.25),
    Plant("injection", 0.05, 0.10, 0.25),
    Plant("injection", 0.1, 0.10, 0.25),
    REFERENCE,
    Plant("injection", 0.4, 0.10, 0.25),
    Plant("injection", 0.2, 0.02, 0.125),
    Plant("injection", 0.2, 0.05, 0.25),
    Plant("injection", 0.2, 0.25, 0.25),
    Plant("injection", 0.2, 0.10, 0.125),
    Plant("injection", 0.2, 0.10, 0.5),
    Plant("injection in range", 0.1, 0.02, 0.25),
    Plant("injection in range", 0.2, 0.05, 0.25),
    Plant("injection in range", 0.2, 0.10, 0.25),
    Plant("injection in range", 0.4, 0.10, 0.5),
    Plant("co-activation", 0.1, 0.05, 0.25),
    Plant("co-activation", 0.2, 0.10, 0.25),
)
PLANTS = (
    *SPARSE,
    Plant("injection", 0.1, 1.0, 1.0),
    Plant("temperature", 1.3),
    Plant("temperature", 1.6),
    Plant("style"),
    Plant("noise input"),
    Plant("stuck note", step_share=0.5),
)
LESSONS = tuple(
    Plant(kind, amplitude, node_share, step_share)
    for kind in ("injection", "injection in range")
    for amplitude in (0.1, 0.2, 0.4)
    for node_share in (0.05, 0.1, 0.25)
    for step_share in (0.25, 0.5)
)
"""What the second look learns from, in runs of their own."""
