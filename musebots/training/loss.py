"""What training makes small: the surprise at the tokens and, for drums, at how they are struck."""

from __future__ import annotations

from torch import Tensor, nn

from musebots.rnn.model import Output
from musebots.training.batches import Batch

__all__ = ["window_loss"]

_TOUCH_WEIGHT = 0.2
_OFFSET_WEIGHT = 4.0


def window_loss(output: Output, batch: Batch) -> tuple[Tensor, float]:
    """The loss of a batch, and the nats that its tokens cost in all.

    Returns
    -------
    Tensor
        Mean nats per step; for drums plus 0.2 times the mean, over all hits, of the nats of the
        velocity level and four times the squared error of the lateness in 16ths.
    float
        Sum of the nats of the tokens, filled-up steps left out.
    """
    nats = nn.functional.cross_entropy(
        output.logits.flatten(0, 1), batch.tokens.flatten(), reduction="none"
    )
    nats = (nats * batch.is_real.flatten()).sum()
    loss = nats / batch.is_real.sum()
    if output.velocity is not None and output.offset is not None:
        loss = loss + _TOUCH_WEIGHT * _touch_loss(output.velocity, output.offset, batch)
    return loss, float(nats.detach())


def _touch_loss(velocity: Tensor, offset: Tensor, batch: Batch) -> Tensor:
    is_struck = batch.levels >= 0  # (n_windows, n_steps, 9)
    n_hits = is_struck.sum().clamp(min=1)
    levels = nn.functional.cross_entropy(
        velocity[is_struck], batch.levels[is_struck], reduction="sum"
    )
    squares = (offset - batch.offset)[is_struck].square().sum()
    return (levels + _OFFSET_WEIGHT * squares) / n_hits
