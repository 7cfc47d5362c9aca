"""A network that goes on learning from what it reads: dynamic evaluation (Krause et al. 2018, arXiv:1709.07432; 2019, arXiv:1904.08378).

    w <- w - rate g / (r + mean(r))
    w <- w + min(1, decay r / mean(r)) (w0 - w)

g is the gradient of the mean surprisal of one segment, r the root of the mean squared gradient of each weight over many segments, and w0
the trained weights. So weights with large gradients move no further than others, and return the fastest. The mean beneath r
is a floor that keeps weights that hardly ever have a gradient, such as those of rare symbols, from leaping.

A segment is predicted first and learned then: no token is predicted by weights that have seen it. The state is carried from segment
to segment as it is. The network that is given never changes; a `Learner` has a copy. What has several forms, such as a tune in twelve
keys, is read in all of them side by side: each token is predicted by their mean, and a segment is learned in all of them by one gradient.

With `replay` stretches of earlier segments, drawn at random, are learned again beside each segment (`replay.py`), and g is the sum of both
means' gradients. With `own` the mean squared gradients become those of what is read: r^2 <- (1 - own) r^2 + own g^2, before each step.

Letters: T tokens of a segment, F forms, V vocabulary, K bytes of V bits, S spans, W all weights as one vector.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from numpy.typing import NDArray
from torch import Tensor

from lstmgen.errors import DivergedError, ModelFileError
from lstmgen.ids import Ids, IdSequence
from lstmgen.model.arithmetic import threads_for
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.learning_rule import LearningRule
from lstmgen.model.legal import forbid
from lstmgen.model.reading import LegalBits, Spans, together
from lstmgen.model.replay import Read, Replay
from lstmgen.model.state import State


class Learner:
    """A copy of a network that learns from what it reads.

    Args:
        network: the trained network; it is left as it is.
        rule: how it learns.
        usual_W: the usual gradient of each weight, as `usual_gradients` measures it.
        told_V: which ids are only ever inputs; they are not learned.

    Raises:
        ModelFileError: the network's gradients are not finite, or all zero.
    """

    def __init__(self, network: LanguageModel, rule: LearningRule, usual_W: Tensor, *, told_V: NDArray[np.bool_] | None = None) -> None:
        self.rule = rule
        self._weights = _Weights(network)
        self._told_V = told_V
        mean = usual_W.mean()
        if not (torch.isfinite(mean) and mean > 0):
            raise ModelFileError("the model has no gradients that it could learn by", remedy="leave --adapt out")
        self._usual_W = usual_W
        self._forget()

    @property
    def network(self) -> LanguageModel:
        """The network as far as it has learned; it changes with what is read."""
        return self._weights.network

    def surprisals(
        self,
        forms: Sequence[IdSequence],
        spans_S2: Spans,
        *,
        legal: Sequence[LegalBits | None] = (),
        anew: Container[int] = (),
        apart: bool = False,
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """As `reading.surprisals`, span after span, learning from each segment once it is predicted.

        Args:
            forms: the same tokens in one form or several, of equal lengths: token ids of any integer type.
            spans_S2: what is read, in this order; each span begins with an empty state, but with the weights that the ones before left.
            legal: which ids may come where, for each form; None, or none given: all of them.
            anew: spans that begin at one of these places begin with the trained weights again, and nothing that may be learned again.
            apart: whether the surprisals of each form are given, of shape (F, T), and not those of their mean.

        Raises:
            DivergedError: the weights have become useless.
        """
        device, count = self.network.device, len(forms)
        for begin, end in spans_S2.tolist():
            if begin in anew:
                self._weights.now_W.copy_(self._weights.trained_W)
                self._forget()
            self._replay.cut()
            state = self.network.zero_state(count)
            for at in range(begin, end, self.rule.segment):
                places = np.arange(at, min(at + self.rule.segment, end) + 1)
                ids_TF = np.stack([form[places].astype(np.int64) for form in forms], axis=1)
                counted_TF = None if self._told_V is None else torch.from_numpy(~self._told_V[ids_TF[1:]]).to(device)
                rows_F = [rows(places[1:]) for rows in legal if rows is not None]
                legal_TFK = torch.from_numpy(np.stack(rows_F, axis=1)).to(device) if rows_F else None
                segment = Read(torch.from_numpy(ids_TF).to(device), state, counted_TF, legal_TFK)
                with threads_for(count, device):
                    nats_TF, state = self._weights.gradient(segment)
                    self._learn_again(segment)
                    self._learn()
                if not torch.isfinite(nats_TF).all():
                    raise DivergedError(
                        f"learning with a rate of {self.rule.rate:g} has ruined the model's copy", remedy="a lower --adapt-rate"
                    )
                nats_FT = nats_TF.T.cpu().double().numpy()
                yield places[1:], nats_FT if apart else together(list(nats_FT))

    def _forget(self) -> None:
        """What may be learned again, and how large the gradients of what was read are."""
        self._replay = Replay()
        self._squares_W = self._usual_W.square() if self.rule.own else None
        self._scale(self._usual_W)

    def _scale(self, usual_W: Tensor) -> None:
        """How far each weight moves, and returns, where its gradient is usually so large."""
        mean = usual_W.mean()
        self._step_W = self.rule.rate / (usual_W + mean)
        self._return_W = (self.rule.decay * usual_W / mean).clamp_(max=1.0)

    def _learn_again(self, segment: Read) -> None:
        """Adds the gradient of stretches that were read before, the one that this segment ends among them."""
        if self.rule.replay:
            if len(segment.ids_TF) == self.rule.segment + 1:
                self._replay.append(segment)
            stretches = self._replay.drawn(self.rule.replay)
            if stretches is not None:
                self._weights.gradient(stretches, beside=True)

    def _learn(self) -> None:
        weights = self._weights
        if self._squares_W is not None:
            self._squares_W.mul_(1 - self.rule.own).addcmul_(weights.gradient_W, weights.gradient_W, value=self.rule.own)
            self._scale(self._squares_W.sqrt())
        with torch.no_grad():
            weights.now_W.addcmul_(self._step_W, weights.gradient_W, value=-1)
            weights.now_W.addcmul_(self._return_W, weights.trained_W - weights.now_W)


def usual_gradients(
    network: LanguageModel,
    streams: Iterable[Ids],
    *,
    segment: int,
    told_V: NDArray[np.bool_] | None = None,
    legal: Callable[[Ids], NDArray[np.uint8]] | None = None,
) -> Tensor:
    """The root of the mean squared gradient of each weight over the segments of some streams of ids, of shape (W,).

    Args:
        network: is left as it is.
        streams: each is read from an empty state; the first id of each is an input only.
        segment: tokens of a segment.
        told_V: which ids are only ever inputs.
        legal: the bits of which ids may come where in a stream, from its second id on; None: all of them.
    """
    weights, device = _Weights(network), network.device
    squares_W, count = torch.zeros_like(weights.now_W), 0
    for ids in streams:
        state, rows = weights.network.zero_state(1), None if legal is None else torch.from_numpy(legal(ids[1:]))
        for at in range(0, len(ids) - 1, segment):
            ids_T1 = ids[at : at + segment + 1, None]
            counted_T1 = None if told_V is None else torch.from_numpy(~told_V[ids_T1[1:]]).to(device)
            legal_T1K = None if rows is None else rows[at : at + len(ids_T1) - 1, None].to(device)
            with threads_for(1, device):
                _, state = weights.gradient(Read(torch.from_numpy(ids_T1).to(device), state, counted_T1, legal_T1K))
                squares_W.addcmul_(weights.gradient_W, weights.gradient_W)
            count += 1
    return squares_W.div_(max(1, count)).sqrt_()


class _Weights:
    """A copy of a network whose weights, and their gradients, are each one vector."""

    def __init__(self, network: LanguageModel) -> None:
        exact = torch.promote_types(network.head.weight.dtype, torch.float32)
        self.network = LanguageModel(replace(network.architecture, dropout=0.0)).to(network.device, exact)
        self.network.load_state_dict(network.state_dict())
        self.network.train()  # the fused kernels have gradients in training only; there is no dropout
        parameters = list(self.network.parameters())
        self.now_W = torch.cat([parameter.detach().flatten() for parameter in parameters])
        self.gradient_W = torch.zeros_like(self.now_W)
        at = 0
        for parameter in parameters:
            place = slice(at, at + parameter.numel())
            parameter.data = self.now_W[place].view_as(parameter)
            parameter.grad = self.gradient_W[place].view_as(parameter)
            at = place.stop
        self.trained_W = self.now_W.clone()

    def gradient(self, read: Read, *, beside: bool = False) -> tuple[Tensor, State]:
        """Surprisals in nats of all ids but the first of each form, of shape (T, F), and the state.

        `gradient_W` is that of the mean of those that count; with `beside` it is added to what is there.
        """
        if not beside:
            self.gradient_W.zero_()
        with torch.enable_grad():
            logits_TFV, after = self.network(read.ids_TF[:-1], read.state)
            logits_TFV = forbid(logits_TFV, read.legal_TFK)
            right_TF = read.ids_TF[1:]
            nats_TF = F.cross_entropy(logits_TFV.flatten(0, 1), right_TF.flatten(), reduction="none").view_as(right_TF)
            learned = nats_TF if read.counted_TF is None else nats_TF[read.counted_TF]
            if learned.numel():
                learned.mean().backward()
        return nats_TF.detach(), after.detach()
