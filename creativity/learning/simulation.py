"""A network that plays many phrases at once, steered or not. Needs torch.

The same function as `musebots.rnn.stepper` with the same features as a live bot hears, in float32
and batches; without the leanings of `musebots.rnn.taste`, so that what is learned is the network's.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from creativity.learning.locking import is_outside, locked
from creativity.learning.material import Windows
from creativity.learning.played import Played, Start, Steer
from musebots.arrays import IntArray
from musebots.novelty.phrases import PHRASE_STEPS, Phrases, pitches_of
from musebots.rnn.checkpoint import Checkpoint
from musebots.rnn.features import FEATURES
from musebots.rnn.limits import RANGES
from musebots.rnn.memory import MAX_AGE
from musebots.rnn.vocabulary import FIRST_NOTE, HOLD, REST, DrumVocabulary, Role

__all__ = ["Simulator"]


_IMPOSSIBLE = -1e9


class Simulator:
    """A checkpoint's network, many phrases side by side.

    Parameters
    ----------
    checkpoint : Checkpoint
    temperature, top_p : float
        As a live bot draws, see `musebots.rnn.sampling.draw`.
    """

    def __init__(
        self, checkpoint: Checkpoint, *, temperature: float = 1.0, top_p: float = 1.0
    ) -> None:
        tensors = {
            name: torch.from_numpy(np.asarray(tensor, dtype=np.float32).copy())
            for name, tensor in checkpoint.tensors.items()
        }
        self.role: Role = checkpoint.role
        self.vocabulary = checkpoint.vocabulary
        self.names = checkpoint.feature_names
        self.temperature, self.top_p = temperature, top_p
        self._recurrent = tensors["gru.weight_hh_l0"].T.contiguous()
        self._recurrent_bias = tensors["gru.bias_hh_l0"]
        self.head = tensors["token.weight"].T.contiguous()  # (n_units, n_tokens)
        self.head_bias = tensors["token.bias"]
        self.n_units, self.n_tokens = self.head.shape
        self._rows, self._first_rows = _rows_of(checkpoint, tensors)
        self.style = tensors["tables.style.weight"]  # (n_styles + 1, width)
        self.style_inputs = _style_inputs(checkpoint, tensors)  # (width, 3 n_units)
        self.masks = torch.zeros(0, dtype=torch.int64)
        self._pitches = torch.zeros(0)
        if isinstance(self.vocabulary, DrumVocabulary):
            self.masks = torch.tensor(self.vocabulary.masks)
        else:
            self._pitches = _pitch_table(self.role, self.n_tokens)

    def column(self, name: str) -> int | None:
        """Place of a feature, None where the network does not hear it."""
        return self.names.index(name) if name in self.names else None

    def inputs(self, features: Tensor) -> Tensor:
        """What the features of a step, (n, n_features), add to the gates: (n, 3 n_units)."""
        places = features + self._first_rows
        return torch.nn.functional.embedding_bag(places, self._rows, mode="sum")

    def advance(self, inputs: Tensor, hidden: Tensor) -> Tensor:
        """The hidden state one step later, (n, n_units)."""
        n = self.n_units
        sums = torch.addmm(self._recurrent_bias, hidden, self._recurrent)
        gates = torch.sigmoid(inputs[:, : 2 * n] + sums[:, : 2 * n])
        candidate = torch.tanh(inputs[:, 2 * n :] + gates[:, :n] * sums[:, 2 * n :])
        return candidate + gates[:, n:] * (hidden - candidate)

    @torch.no_grad()
    def hear(self, features: Tensor, hidden: Tensor | None = None) -> Tensor:
        """The hidden states along given features: (n, n_steps, n_units)."""
        if hidden is None:
            hidden = torch.zeros(len(features), self.n_units)
        found = []
        for step in range(features.shape[1]):
            hidden = self.advance(self.inputs(features[:, step].long()), hidden)
            found.append(hidden)
        return torch.stack(found, dim=1)

    @torch.no_grad()
    def start(self, windows: Windows) -> Start:
        """Hear what comes before the judged steps."""
        n_before = windows.phrases.n_before
        hidden = torch.zeros(len(windows), self.n_units)
        for step in range(n_before):
            features = torch.from_numpy(windows.features[:, step].astype(np.int64))
            hidden = self.advance(self.inputs(features), hidden)
        sounding = torch.full((len(windows),), -1)
        age = torch.zeros(len(windows), dtype=torch.int64)
        if self.role != "drums":
            tokens = torch.from_numpy(windows.tokens.astype(np.int64))
            pitch = torch.from_numpy(windows.phrases.pitch.astype(np.int64))
            for step in range(n_before):
                sounding, age = _followed(tokens[:, step], pitch[:, step], sounding, age)
        return Start(windows, hidden, sounding, age)

    @torch.no_grad()
    def play(
        self,
        start: Start,
        uniform: Tensor,
        *,
        steer: Steer | None = None,
        temperature: Tensor | float | None = None,
        shift: Tensor | None = None,
    ) -> Played:
        """Play the judged steps.

        Parameters
        ----------
        start : Start
        uniform : Tensor
            (n_phrases, n_steps, n_tokens), in (0, 1): all chance there is. The same numbers and
            the same distributions give the same music.
        steer : Steer, optional
            Turns the choice.
        temperature : Tensor or float, optional
            Instead of the simulator's own; (n_phrases, 1) for one each.
        shift : Tensor, optional
            (n_phrases, 3 n_units), added to what the inputs add to the gates: another style.
        """
        phrases = start.windows.phrases
        n_steps = phrases.n_steps - phrases.n_before
        features = torch.from_numpy(start.windows.features[:, phrases.n_before :].astype(np.int64))
        root, tonic, fitting = (
            torch.from_numpy(np.asarray(a[:, phrases.n_before :], dtype=np.int64))
            for a in (phrases.root, phrases.tonic, phrases.fitting)
        )
        previous = torch.from_numpy(start.windows.tokens[:, phrases.n_before - 1].astype(np.int64))
        sounding, age, hidden = start.sounding, start.age, start.hidden
        bar = phrases.steps_per_bar
        tokens: list[Tensor] = []
        states, logits_steps, allowed_steps = [], [], []
        for step in range(n_steps):
            heard = features[:, step]
            bar_ago = tokens[step - bar] if step >= bar else None
            self._refresh(heard, previous, bar_ago, sounding, age, root[:, step], tonic[:, step])
            inputs = self.inputs(heard)
            hidden = self.advance(inputs if shift is None else inputs + shift, hidden)
            pitches = self._pitches[tonic[:, step], root[:, step]] if self.role != "drums" else None
            allowed = self._allowed(pitches, sounding, len(hidden))
            logits = self.logits(hidden) if steer is None else steer.logits(hidden, step)
            if steer is not None and steer.is_locked and pitches is not None:
                outside = is_outside(pitches, fitting[:, step])
                logits = locked(logits, self.logits(hidden), outside)
            log_p = self.log_p(logits, allowed, temperature)
            gumbel = -torch.log(-torch.log(uniform[:, step]))
            token = (log_p + gumbel).argmax(dim=1)
            if pitches is not None:
                pitch = pitches.gather(1, token[:, None])[:, 0]
                sounding, age = _followed(token, pitch, sounding, age)
            if steer is not None:
                steer.took(token, step)
            tokens.append(token)
            states.append(hidden)
            logits_steps.append(logits)
            allowed_steps.append(allowed)
            previous = token
        played = torch.stack(tokens, dim=1)
        return Played(
            played,
            torch.stack(states, dim=1),
            features,
            torch.stack(logits_steps, dim=1),
            torch.stack(allowed_steps, dim=1),
            self._as_phrases(phrases, played),
            shift is not None,
        )

    def _refresh(
        self,
        heard: Tensor,
        previous: Tensor,
        bar_ago: Tensor | None,
        sounding: Tensor,
        age: Tensor,
        root: Tensor,
        tonic: Tensor,
    ) -> None:
        """Replace, in place, what a step hears of what was just played."""
        values = {"previous": previous + 1}
        if bar_ago is not None:
            values["one_bar_ago"] = bar_ago + 1
        if self.role != "drums":
            is_silent = sounding < 0
            now = _tokens_of(self.role, sounding, root, tonic)
            values["sounding"] = torch.where(is_silent, 0, 1 + now)
            values["above_root"] = torch.where(is_silent, 0, 1 + (sounding - root) % 12)
            values["age"] = age
        for name, value in values.items():
            column = self.column(name)
            if column is not None:
                heard[:, column] = value

    def _allowed(self, pitches: Tensor | None, sounding: Tensor, n: int) -> Tensor:
        """What an instrument can play now, (n, n_tokens): its range; no holding of silence."""
        if pitches is None:
            return torch.ones(n, self.n_tokens, dtype=torch.bool)
        low, high = RANGES[self.role]
        allowed = (pitches >= low) & (pitches <= high)
        allowed[:, REST] = True
        allowed[:, HOLD] = sounding >= 0
        return allowed

    @property
    def symbols(self) -> IntArray:
        """What each token is to the novelty model, (n_tokens,)."""
        if self.role == "drums":
            return self.masks.numpy()
        return np.arange(self.n_tokens)

    def logits(self, seen: Tensor) -> Tensor:
        """The readout of hidden states, whatever their leading shape."""
        return seen @ self.head + self.head_bias

    def log_p(
        self,
        logits: Tensor,
        allowed: Tensor,
        temperature: Tensor | float | None = None,
        *,
        is_whole: bool = False,
    ) -> Tensor:
        """Log-probabilities that a token is drawn from, as a live bot does; whole: no nucleus."""
        warm = logits / (self.temperature if temperature is None else temperature)
        log_p = torch.log_softmax(warm.masked_fill(~allowed, _IMPOSSIBLE), dim=-1)
        if self.top_p >= 1.0 or is_whole:
            return log_p
        n_exempt = 0 if self.role == "drums" else FIRST_NOTE
        notes = log_p[..., n_exempt:]
        mass = torch.logsumexp(notes, dim=-1, keepdim=True)
        share = (notes - mass).detach().exp()
        ordered, order = share.sort(dim=-1, descending=True)
        before = ordered.cumsum(dim=-1) - ordered
        is_cut = torch.zeros_like(before, dtype=torch.bool)
        is_cut.scatter_(-1, order, before >= self.top_p)
        kept = notes.masked_fill(is_cut, _IMPOSSIBLE)
        kept = kept - torch.logsumexp(kept, dim=-1, keepdim=True) + mass
        return torch.cat([log_p[..., :n_exempt], kept], dim=-1)

    def pitches(self, phrases: Phrases) -> Tensor:
        """The MIDI pitch of every token at every judged step, (n, n_judged, n_tokens), or -1."""
        if self.role == "drums":
            return torch.full((1, 1, 1), -1).expand(len(phrases), PHRASE_STEPS, self.n_tokens)
        root, tonic = (
            torch.from_numpy(np.asarray(a[:, phrases.judged], dtype=np.int64))
            for a in (phrases.root, phrases.tonic)
        )
        return self._pitches[tonic, root]

    def _as_phrases(self, before: Phrases, played: Tensor) -> Phrases:
        symbols, pitch = before.symbols.copy(), before.pitch.copy()
        tokens, judged = played.numpy(), before.judged
        if self.role == "drums":
            symbols[:, judged] = self.masks.numpy()[tokens]
        else:
            symbols[:, judged] = tokens
            root, tonic = before.root[:, judged], before.tonic[:, judged]
            pitch[:, judged] = pitches_of(self.role, tokens, root, tonic)
        return before.with_symbols(symbols, pitch)


def _rows_of(checkpoint: Checkpoint, tensors: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Embeddings times their share of the input weights, stacked; the first row of each feature."""
    weight, blocks, column = tensors["gru.weight_ih_l0"], [], 0
    for name in checkpoint.feature_names:
        table = tensors[f"tables.{FEATURES[name].table or name}.weight"]
        width = table.shape[1]
        blocks.append(table @ weight[:, column : column + width].T)
        column += width
    blocks[0] = blocks[0] + tensors["gru.bias_ih_l0"]
    sizes = torch.tensor([len(block) for block in blocks])
    return torch.cat(blocks), sizes.cumsum(0) - sizes


def _style_inputs(checkpoint: Checkpoint, tensors: dict[str, Tensor]) -> Tensor:
    """What a change of the style's embedding changes in what the inputs add to the gates."""
    names = checkpoint.feature_names
    widths = [tensors[f"tables.{FEATURES[name].table or name}.weight"].shape[1] for name in names]
    at = names.index("style")
    first = sum(widths[:at])
    return tensors["gru.weight_ih_l0"][:, first : first + widths[at]].T.contiguous()


def _pitch_table(role: Role, n_tokens: int) -> Tensor:
    """The MIDI pitch of every token by tonic and root, (12, 12, n_tokens); -1 for no note."""
    tonic, root, tokens = np.meshgrid(
        np.arange(12), np.arange(12), np.arange(n_tokens), indexing="ij"
    )
    return torch.from_numpy(pitches_of(role, tokens, root, tonic))


def _tokens_of(role: Role, pitch: Tensor, root: Tensor, tonic: Tensor) -> Tensor:
    """`musebots.novelty.phrases.tokens_of`, for pitches within an instrument's range."""
    if role == "bass":
        return FIRST_NOTE + 12 * ((pitch - 24) // 12).clamp(0, 3) + (pitch - root) % 12
    return FIRST_NOTE + (pitch - ((tonic + 5) % 12 - 5) - 43).clamp(0, 48)


def _followed(token: Tensor, pitch: Tensor, sounding: Tensor, age: Tensor) -> tuple[Tensor, Tensor]:
    """What sounds after a token, and how old the last onset is."""
    is_onset = token >= FIRST_NOTE
    age = torch.where(is_onset, 1, torch.where(age > 0, (age + 1).clamp(max=MAX_AGE), 0))
    sounding = torch.where(is_onset, pitch, torch.where(token == HOLD, sounding, -1))
    return sounding, age
