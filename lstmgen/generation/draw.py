"""Draws tokens from a decoder, one after the other, for many samples side by side.

    context ─► logits ─► filters ─► draw ─► writer ─► piece
                 ▲                    │
                 └──── decoder ◄──────┘

Every token takes one uniform number from its sample's own generator, and is found by the inverse of the cumulative distribution in
float64. So sample i of a seed is the same whatever is drawn beside it, and a filter that removes nothing changes nothing.

Letters: B samples that are drawn side by side, V vocabulary.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import ModelFileError
from lstmgen.generation import filters
from lstmgen.generation.compiled_blocks import LARGEST, NO_USABLE_NUMBER, TOKENS, CompiledBlocks, suits
from lstmgen.generation.filters import Filter, Logits, Moment
from lstmgen.generation.sampling import Sampling, temperature_at
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.writing import Piece, Writer
from lstmgen.model.state import State, joined

if TYPE_CHECKING:
    from lstmgen.generation.blocks import Blocks
    from lstmgen.model.compiled.decoder import AnyDecoder
    from lstmgen.model.decoder import Decoder

_UNIFORMS: Final = 64
"""Random numbers that are made at a time."""
_NO_IDS: Ids = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Context:
    """Where an item stands: everything that the next token depends on. A value; nothing changes it.

    Attributes:
        logits_V: of the next token: a tensor, or an array where a decoder works without torch.
        state: of one stream, after the last token.
        ids: of the item so far, without the boundary that it began with.
    """

    logits_V: Any
    state: State
    ids: Ids


def begin(decoder: AnyDecoder, ids: Ids = _NO_IDS) -> Context:
    """The context after an item's boundary and then these ids."""
    logits_V, state = decoder.read([BOUNDARY_ID, *ids.tolist()], decoder.start())
    return Context(logits_V, state, ids)


def read_on(decoder: AnyDecoder, context: Context, ids: Ids) -> Context:
    """The context after further ids."""
    if not len(ids):
        return context
    logits_V, state = decoder.read(ids.tolist(), context.state)
    return Context(logits_V, state, np.concatenate([context.ids, ids]))


def generator_of(seed: int, index: int, *, prompt_index: int = 0) -> np.random.Generator:
    """The random numbers of sample `index` of a prompt and a seed; independent of those of every other sample.

    Those of the first prompt are the same as where there is one.
    """
    place = (index, prompt_index) if prompt_index else (index,)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=place)))


class Drawn(NamedTuple):
    """One token.

    Attributes:
        token: its id.
        nats: its surprisal under the model itself: at temperature 1 and without any filter; but of a model that was trained with a grammar
            among what may come.
    """

    token: int
    nats: float


class Lane:
    """One sample while it is drawn.

    Args:
        writer: turns ids into pieces, and says which may come next.
        context: where the item stands.
        sampling: how tokens are chosen.
        length: most tokens to draw; None: no end but the item's own.
        generator: the sample's own random numbers.
        told_V: which ids a model is told: they are drawn because nothing else is allowed, and their surprisal means nothing.
        strict: whether the model was trained with a grammar, and gives what may not come no probability.

    Raises:
        UsageError: a temperature ramp without a length.
    """

    def __init__(
        self,
        writer: Writer,
        context: Context,
        *,
        sampling: Sampling,
        length: int | None,
        generator: np.random.Generator,
        told_V: NDArray[np.bool_] | None = None,
        strict: bool = False,
    ) -> None:
        temperature_at(sampling.temperature, 0, length=length)
        self.writer = writer
        self.context = context
        self.nats = 0.0
        self.ended = writer.ended or ("length" if length == 0 else None)
        """Why nothing more is drawn; None while more is."""
        self._told_V, self._strict = told_V, strict
        self.sampling = sampling
        self._length = length
        self._generator = generator
        self._recent = _Recent(context.ids, sampling) if sampling.repetition_penalty != 1 else None
        self._uniforms: list[float] = []
        self._ids = array("q")
        self.turned = False
        """Whether a passage begins, or begins again, that may be drawn again."""
        self._tries, self._mark = 0, (0, 0.0)
        self._kept: tuple[Any, State] | None = None
        """Where the model stood when it began."""

    @property
    def ids(self) -> Ids:
        """What was drawn so far, without a boundary."""
        return np.array(self._ids, dtype=np.int64)

    @property
    def tokens(self) -> int:
        """How many were drawn."""
        return len(self._ids)

    @property
    def left(self) -> int:
        """How many may still be drawn; without a length the tokens of a block."""
        return TOKENS if self._length is None else self._length - len(self._ids)

    def moment(self) -> Moment:
        """What the filters may know of the next token."""
        recent = () if self._recent is None else self._recent.ids
        writer = self.writer
        allowed_V, heat = writer.allowed(), writer.heat
        return Moment(len(self._ids), self._length, recent, allowed_V, heat, self._strict, writer.tempered, writer.weighed)

    def uniform(self) -> float:
        """The random number of the next token."""
        if not self._uniforms:  # the same numbers as one by one, for a tenth of the calls
            self._uniforms = self._generator.random(_UNIFORMS)[::-1].tolist()
        return self._uniforms.pop()

    def take(self, drawn: Drawn) -> Piece | None:
        """One more token: the piece that it completes; None at a boundary, which ends the item, or lets a passage begin again."""
        token, nats = drawn
        if token == BOUNDARY_ID:
            if self.writer.may_end():
                self.ended = self.writer.at_boundary
            else:
                self._turn()
            return None
        if self._told_V is None or not self._told_V[token]:
            self.nats += nats
        self._ids.append(token)
        if self._recent is not None:
            self._recent.add(token)
        piece = self.writer.push(token)
        if self.writer.tries > self._tries:
            self._turn()
        self.ended = self.writer.ended or ("length" if len(self._ids) == self._length else None)
        return piece

    def _turn(self) -> None:
        """Notes what was drawn before a passage that may be drawn again, and forgets all else when it is."""
        self._tries, self.turned = self.writer.tries, True
        if self._tries == 1:
            self._mark = len(self._ids), self.nats
            return
        count, self.nats = self._mark
        del self._ids[count:]
        if self._recent is not None:
            self._recent = _Recent(np.concatenate([self.context.ids, self.ids]), self.sampling)

    def standing(self, logits_1V: Any, state: State) -> tuple[Any, State]:
        """Where the model stands: here, or where a passage began that is drawn again."""
        if not self.turned:
            return logits_1V, state
        self.turned, self._kept = False, self._kept or (logits_1V, state)
        return self._kept

    @property
    def last(self) -> int:
        """The token that was drawn last."""
        return self._ids[-1]


def draw(decoder: AnyDecoder, lanes: Sequence[Lane], *, cut: bool = False) -> Iterator[tuple[Lane, Piece]]:
    """Draws samples side by side until each has ended: the lane and the piece, whenever a piece is complete.

    Args:
        decoder: the model.
        lanes: the samples, each from its own context, all of one sampling.
        cut: leave out what is incomplete at the end of a sample.
    """
    going = [lane for lane in lanes if lane.ended is None]
    if not going:
        return
    wanted = filters.build(going[0].sampling)
    logits_BV = joined([lane.context.logits_V[None] for lane in going])
    state = State.joined([lane.context.state for lane in going])
    blocks = None
    while going:
        blocks = blocks or _blocks(decoder, going)
        if blocks is None:
            turns = [pick(logits_BV, wanted, [lane.moment() for lane in going], uniforms=[lane.uniform() for lane in going])]
        else:
            count = blocks.tokens(max(lane.left for lane in going))
            uniforms_BK = np.array([[lane.uniform() for _ in range(count)] for lane in going])
            tokens_BK, nats_BK, logits_BV, state = blocks.draw(logits_BV, state, uniforms_BK)
            turns = [list(map(Drawn, *turn)) for turn in zip(zip(*tokens_BK, strict=True), zip(*nats_BK, strict=True), strict=True)]
        for drawn in turns:
            for lane, token in zip(going, drawn, strict=True):
                if lane.ended is not None:
                    continue  # what a block has drawn behind the end
                piece = lane.take(token)
                if piece is not None:
                    yield lane, piece
                if lane.ended is not None:
                    yield lane, lane.writer.finish(cut=cut)
        stay = [place for place, lane in enumerate(going) if lane.ended is None]
        if len(stay) < len(going):
            going = [going[place] for place in stay]
            logits_BV, state = logits_BV[stay], state.select(stay)
        if going and blocks is None:
            logits_BV, state = decoder.step([lane.last for lane in going], state)
            if any(lane.turned for lane in going):
                standing = [lane.standing(logits_BV[[place]], state.select([place])) for place, lane in enumerate(going)]
                logits_BV, state = joined([logits_1V for logits_1V, _ in standing]), State.joined([each for _, each in standing])


def _blocks(decoder: AnyDecoder, lanes: Sequence[Lane]) -> Blocks | CompiledBlocks | None:
    """What draws many tokens at a time; None where the host has a say in each."""
    sampling, first = lanes[0].sampling, lanes[0].writer
    if len(lanes) > decoder.block_lanes or not suits(sampling) or not all(lane.writer.steady for lane in lanes) or first.heat != 1:
        return None
    first_V = first.allowed()
    if not all(lane.writer.allowed() is first_V for lane in lanes):
        return None
    if decoder.compiled is not None:
        return CompiledBlocks(decoder.compiled, sampling, first_V)
    from lstmgen.generation.blocks import Blocks

    return Blocks(cast("Decoder", decoder), sampling, first_V)  # of a GPU


def pick(logits_BV: Any, wanted: Sequence[Filter], moments: Sequence[Moment], *, uniforms: Sequence[float]) -> list[Drawn]:
    """The tokens that uniform numbers in [0, 1) stand for, after all filters; one for each row.

    Raises:
        ModelFileError: no logit of a row is a usable number.
    """
    raw_BV = usable(logits_BV)
    shifted_BV = filters.shifted(filters.keep_allowed(raw_BV, moments) if moments[0].strict else raw_BV)
    log_total_B = np.log(np.exp(shifted_BV).cumsum(axis=1)[:, -1])
    cumulated_BV = np.exp(filters.shifted(filters.apply(wanted, raw_BV, moments))).cumsum(axis=1)
    if len(uniforms) == 1:  # the same by bisection, with half of the calls
        cumulated_V = cumulated_BV[0]
        total = cumulated_V[-1]
        point = uniforms[0] * total
        token = int(cumulated_V.searchsorted(point, side="right") if point < total else cumulated_V.searchsorted(total))
        return [Drawn(token, float(log_total_B[0] - shifted_BV[0, token]))]
    total_B1 = cumulated_BV[:, -1:]
    tokens_B = (cumulated_BV <= np.array(uniforms)[:, None] * total_B1).sum(axis=1)
    # Rounding can reach the end; the last token with any probability is meant.
    tokens_B = np.minimum(tokens_B, (cumulated_BV < total_B1).sum(axis=1))
    nats_B = log_total_B - shifted_BV[np.arange(len(tokens_B)), tokens_B]
    return [Drawn(token, nats) for token, nats in zip(tokens_B.tolist(), nats_B.tolist(), strict=True)]


def usable(logits_BV: Any) -> Logits:
    """The logits, of a tensor or an array, in float64 on the CPU; infinite ones become very large, and what is no number is never drawn."""
    raw_BV = logits_BV.astype(np.float64) if isinstance(logits_BV, np.ndarray) else logits_BV.double().cpu().numpy()
    if np.isfinite(raw_BV).all():
        return raw_BV
    raw_BV = np.nan_to_num(raw_BV, nan=-math.inf, posinf=LARGEST, neginf=-math.inf)
    if (raw_BV.max(axis=1) == -math.inf).any():
        raise ModelFileError(NO_USABLE_NUMBER, remedy="train the model again")
    return raw_BV


class _Recent:
    """The ids that the repetition penalty looks at: the last ones, or all."""

    def __init__(self, ids: Ids, sampling: Sampling) -> None:
        count = sampling.repeat_last_n
        self.ids: set[int] | deque[int] = set(ids.tolist()) if count < 0 else deque(ids[-count:].tolist() if count else (), maxlen=count)

    def add(self, token: int) -> None:
        """One more id of the item."""
        self.ids.add(token) if isinstance(self.ids, set) else self.ids.append(token)
