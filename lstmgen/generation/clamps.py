"""Units of a network that are held at a value while it writes: what it does when it believes that a quote is open, say. No torch.

Radford, Jozefowicz and Sutskever 2017 held one unit of 4,096 and chose the sentiment of what was written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lstmgen.errors import UsageError

if TYPE_CHECKING:
    from lstmgen.model.compiled.decoder import AnyDecoder

_EXAMPLE: Final = "--clamp 2:37=1.5, or 2:hidden:37=1.5, with layers and units counted from 1"


@dataclass(frozen=True)
class Clamp:
    """A number of the state that is held.

    Attributes:
        layer: from 0 on.
        unit: from 0 on.
        value: at which.
        quantity: which number of the unit; empty: its memory.
    """

    layer: int
    unit: int
    value: float
    quantity: str = ""

    @staticmethod
    def parse(text: str) -> Clamp:
        """`2:37=1.5`, or `2:hidden:37=1.5`. Raises UsageError: it is neither."""
        place, _, number = text.partition("=") if isinstance(text, str) else ("", "", "")
        layer, *names, unit = place.split(":") if ":" in place else ("", "")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if len(names) > 1 or not math.isfinite(value) or not all(part.isdecimal() and int(part[:9]) > 0 for part in (layer, unit)):
            raise UsageError(f"{text!r} holds no unit at a value", remedy=_EXAMPLE)
        return Clamp(int(layer[:9]) - 1, int(unit[:9]) - 1, value, *names)


def holding(decoder: AnyDecoder, clamps: Sequence[str]) -> AnyDecoder:
    """A decoder that holds these units before every token that is drawn; prompts are read without.

    Raises:
        UsageError: the network has no such layer, unit or quantity, or that is not carried from token to token.
    """
    if not clamps:
        return decoder
    cell, sizes = decoder.cell, decoder.state_sizes
    held = []
    for text in clamps:
        clamp = Clamp.parse(text)
        carried = {name: quantity.part for name, quantity in cell.quantities.items() if quantity.part is not None}
        part = carried.get(clamp.quantity) if clamp.quantity else cell.memory
        if part is None:
            raise UsageError(f"--clamp {text}: the cell carries no {clamp.quantity!r}", remedy=f"one of {', '.join(carried)}")
        if clamp.layer >= len(sizes) or clamp.unit >= sizes[clamp.layer][part]:
            raise UsageError(
                f"--clamp {text}: the network has layers 1 to {len(sizes)}, each with units 1 to {sizes[0][part]}", remedy=_EXAMPLE
            )
        held.append((clamp.layer, part, clamp.unit, clamp.value))
    return decoder.holding(held)
