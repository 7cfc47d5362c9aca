"""What decides the shapes of a network's tensors, and what a file may say of it; known without torch as far as that is possible."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, Final

from lstmgen import limits
from lstmgen.choices import CELLS, OBJECTIVES
from lstmgen.errors import ModelFileError
from lstmgen.ids import symbols_of
from lstmgen.model.matches import MOST_SLOTS, Matches
from lstmgen.schema import SchemaError, flag, number, table, text, whole
from lstmgen.setting_values import orders_of, power_of_two
from lstmgen.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

    from lstmgen.model.cells import Cell

Shape = tuple[int, ...]
SENTINELS: Final = 2
"""That stand before a suffix, and before a middle."""
MOST_LEFT: Final = 64
"""Tokens that are missing in a gap: so many are told from more."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """All that decides the shapes of the network's tensors and what it computes with them."""

    vocab_size: int
    embedding_size: int
    hidden_size: int
    num_layers: int
    cell: str = next(iter(CELLS))
    dropout: float = 0.0
    layer_norm: bool = True
    residual: bool = True
    tied: bool = False
    clock_period: int = 0
    """Length of the clock's cycle; 0: no clock."""
    clock_low: int = 0
    clock_high: int = 0
    """The ids `clock_low .. clock_high` tick."""
    suffix_tokens: int = 0
    """Most tokens of a suffix that are read before a middle, between sentinels (`model/sentinels.py`); 0: there are no sentinels."""
    objective: str = next(iter(OBJECTIVES))
    """What it is trained for."""
    matches: str = ""
    """By how many of the last tokens it is told what followed them before (`model/matches.py`), with commas between; empty: it is not."""
    match_slots: int = 0
    """Of each table of these."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @staticmethod
    def from_json(values: Any) -> Architecture:
        """The architecture a model file describes; trusts nothing.

        Raises:
            ModelFileError: a field is missing, unknown, of the wrong type, out of bounds, or too large in all.
        """
        architecture = Architecture.described(values)
        if architecture.num_parameters > limits.MAX_PARAMETERS:
            raise ModelFileError(
                f"the architecture has {counted(architecture.num_parameters, 'parameter')}, at most {limits.MAX_PARAMETERS:,} are read",
                remedy=_REMEDY,
            )
        return architecture

    @staticmethod
    def described(values: Any) -> Architecture:
        """The same without loading torch, and without the sum of the parameters. Raises ModelFileError."""
        if isinstance(values, dict):
            values = _LATER | values
        try:
            _FIELDS(values, "the architecture")
        except SchemaError as error:
            raise ModelFileError(str(error), remedy=_REMEDY) from error
        for name, known in (("cell", CELLS), ("objective", OBJECTIVES)):
            if values[name] not in known:
                message = f"the architecture's {name} is {ascii(values[name])[:40]}, expected one of {', '.join(known)}"
                raise ModelFileError(message, remedy=_REMEDY)
        architecture = Architecture(**values)
        if architecture.tied and architecture.embedding_size != architecture.hidden_size:
            raise ModelFileError("the architecture ties its embedding, but embedding_size and hidden_size differ", remedy=_REMEDY)
        if architecture.matches:
            architecture.check_matches()
        if architecture.labels and (architecture.tied or architecture.suffix_tokens or architecture.clock_period):
            raise ModelFileError("the architecture gives labels, and has parts that only predict tokens", remedy=_REMEDY)
        return architecture

    def shapes(self, cell: Callable[[int, int], dict[str, Shape]] | None = None) -> dict[str, Shape]:
        """Every tensor of the network by name, with its shape, without building it.

        Args:
            cell: (I, H) -> the tensors of a layer; None: those of the cell, which loads torch.
        """
        shapes, cell = self.shapes_around_cells(), cell or _cell_of(self.cell).shapes
        for stack in self.stacks:
            for layer, width in enumerate(self.widths):
                inside = cell(width, self.hidden_size)
                shapes |= {f"{stack}layers.{layer}.{name}": shape for name, shape in inside.items()}
        return shapes

    def check_matches(self) -> None:
        """Raises ModelFileError: it is told what followed before, in a way that does not fit."""
        try:
            orders_of(self.matches)
            power_of_two(self.match_slots)
        except ValueError as error:
            raise ModelFileError(f"the architecture's matches cannot be: {error}", remedy=_REMEDY) from error
        if self.labels or self.suffix_tokens or OBJECTIVES[self.objective].both_ways:
            raise ModelFileError("the architecture has matches, and does not read from left to right alone", remedy=_REMEDY)

    @cached_property
    def memories(self) -> Matches | None:
        """What it is told of what followed before; None: nothing."""
        return Matches(orders_of(self.matches), self.match_slots, self.vocab_size) if self.matches else None

    @property
    def stacks(self) -> tuple[str, ...]:
        """What the names of the layers begin with: of those that read from left to right, and of those that read the other way."""
        return ("", "back.") if OBJECTIVES[self.objective].both_ways else ("",)

    def shapes_around_cells(self) -> dict[str, Shape]:
        """The same without what is the cells' own, and without loading torch."""
        shapes: dict[str, Shape] = {"embedding.weight": (self.symbols, self.embedding_size)}
        if self.clock_period:
            shapes["clock.weight"] = (self.clock_period, self.embedding_size)
        if self.memories:
            shapes["matches.weight"] = (self.memories.rows, self.embedding_size)
        if self.suffix_tokens:
            shapes["sentinels.weight"] = (SENTINELS, self.embedding_size)
        if self.layer_norm:
            for stack in self.stacks:
                for layer, width in enumerate(self.widths):
                    shapes[f"{stack}norms.{layer}.weight"] = shapes[f"{stack}norms.{layer}.bias"] = (width,)
                shapes[f"{stack}norm.weight"] = shapes[f"{stack}norm.bias"] = (self.hidden_size,)
        if OBJECTIVES[self.objective].both_ways:
            shapes |= self._joining()
        if self.fills_gaps:
            shapes |= {"end.weight": (1, self.hidden_size), "end.bias": (1,)}
        if not self.tied:
            shapes["head.weight"] = (self.answers, self.hidden_size)
        shapes["head.bias"] = (self.answers,)
        return shapes

    @property
    def labels(self) -> int:
        """How many labels a token may have; 0: tokens are predicted. An id says both a symbol and its label (`ids.py`)."""
        return len(OBJECTIVES[self.objective].labels)

    @property
    def symbols(self) -> int:
        """Rows of the embedding."""
        return 1 + symbols_of(self.vocab_size - 1, self.labels) if self.labels else self.vocab_size

    @property
    def answers(self) -> int:
        """Rows of the head."""
        return self.labels or self.vocab_size

    @property
    def fills_gaps(self) -> bool:
        """Whether the network says where a gap is over."""
        return bool(self.suffix_tokens) or self.objective == "gaps"

    def _joining(self) -> dict[str, Shape]:
        """What joins both directions."""
        size = self.hidden_size
        matrices: dict[str, Shape] = {f"join.{name}.weight": (size, size) for name in ("ahead", "back", "out")}
        vectors = ("ahead.bias", "out.bias", *(("norm.weight", "norm.bias") if self.layer_norm else ()))
        return (
            matrices
            | {f"join.{name}.weight": (MOST_LEFT + 1, size) for name in ("left", "gate")}
            | {f"join.{name}": (size,) for name in vectors}
        )

    @property
    def widths(self) -> list[int]:
        """Of each layer's input."""
        return [self.embedding_size] + [self.hidden_size] * (self.num_layers - 1)

    def former_names(self) -> dict[str, tuple[str, ...]]:
        """For every tensor the names, in files of version 1, of those whose sum it is.

        Raises:
            ModelFileError: there were no such cells then.
        """
        former = _cell_of(self.cell).former
        if not former:
            raise ModelFileError(f"a file of version 1 cannot hold the cell {self.cell}", remedy=_REMEDY)
        names: dict[str, tuple[str, ...]] = {}
        for name in self.shapes():
            room, _, rest = name.partition(".")
            number, _, parameter = rest.partition(".")
            names[name] = tuple(f"layers.{number}.fused.{old}" for old in former.get(parameter, ())) if room == "layers" else (name,)
        return names

    def former_shapes(self) -> dict[str, tuple[int, ...]]:
        """The tensors of this network in a file of version 1, by name, with their shapes."""
        shapes = self.shapes()
        return {old: shapes[name] for name, former in self.former_names().items() for old in former}

    def renamed(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of a network by the names of `shapes`; they have these already, or those of version 1."""
        if tensors.keys() >= self.shapes().keys():
            return dict(tensors)
        # A second bias was always zero, so that the sum is exact.
        return {name: reduce(operator.add, (tensors[old] for old in former)) for name, former in self.former_names().items()}

    @property
    def num_parameters(self) -> int:
        """Numbers that are stored, counted from the shapes."""
        return sum(math.prod(shape) for shape in self.shapes().values())


def stacked_shapes(gates: int) -> Callable[[int, int], dict[str, Shape]]:
    """(I, H) -> names and shapes of the parameters of a layer whose gates are stacked, with one bias; an LSTM has four."""
    return lambda input_size, hidden_size: {
        "input_weight": (gates * hidden_size, input_size),
        "recurrent_weight": (gates * hidden_size, hidden_size),
        "bias": (gates * hidden_size,),
    }


def _cell_of(name: str) -> Cell:
    """The record of a cell, which loads torch."""
    from lstmgen.model.cells import cell_of

    return cell_of(name)


_REMEDY: Final = "fetch or copy the file again, or train the model again"
_LATER: Final = {"objective": next(iter(OBJECTIVES)), "matches": ""} | dict.fromkeys(
    ("clock_period", "clock_low", "clock_high", "suffix_tokens", "match_slots"), 0
)
"""What fields are that files of older versions lack."""
_FIELDS: Final = table(
    {
        "vocab_size": whole(1, limits.MAX_VOCABULARY),
        "embedding_size": whole(1, limits.MAX_EMBEDDING_SIZE),
        "hidden_size": whole(1, limits.MAX_HIDDEN_SIZE),
        "num_layers": whole(1, limits.MAX_LAYERS),
        "cell": text(),
        "dropout": number(0, 0.999),
        "layer_norm": flag,
        "residual": flag,
        "tied": flag,
        "clock_period": whole(0, limits.MAX_CLOCK_PERIOD),
        "clock_low": whole(0, limits.MAX_VOCABULARY),
        "clock_high": whole(0, limits.MAX_VOCABULARY),
        "suffix_tokens": whole(0, limits.MAX_SUFFIX),
        "objective": text(),
        "matches": text(limits.MAX_MATCHES),
        "match_slots": whole(0, MOST_SLOTS),
    }
)
