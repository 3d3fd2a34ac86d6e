"""The two ways to perform a piece: `render` it offline, or play it `live`."""

from ensembles.live import live
from ensembles.performance import LiveOptions, LiveReport
from ensembles.rendering import RenderReport, render

__all__ = ["LiveOptions", "LiveReport", "RenderReport", "live", "render"]
