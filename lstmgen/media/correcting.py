"""The contract of putting right what a network expects of items otherwise than they are. No torch.

Letters: T tokens of an item, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmgen.ids import Ids

Expect = Callable[[Ids], NDArray[np.floating]]
"""The ids of an item, without boundaries -> a network's logits before each of them, of shape (T, V)."""


class Correctable(Protocol):
    """What a medium puts right when samples are drawn."""

    def corrections(self, tokenizer: Any, parts: Sequence[Iterable[Ids]], expect: Expect) -> Mapping[str, Any] | None:
        """What a network expects otherwise, as JSON for `Medium.plan`; None: nothing is put right.

        Args:
            tokenizer: the network's.
            parts: items that were held out, and items that were learned; each part counts as much as the first.
            expect: the network.
        """
        ...
