"""Token ids: what every medium becomes, and all that the network knows.

Ids are exactly `0 .. vocab_size - 1`. Id 0 is the document boundary: it stands before every document of a token file, it is what
generation starts from when there is no prompt, and it decodes to nothing.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
"""One-dimensional token ids."""


class IdSequence(Protocol):
    """Many ids, in memory or in a file."""

    def __len__(self) -> int: ...

    def __getitem__(self, places: Any, /) -> NDArray[Any]:
        """The ids of a slice, or at places that are whole numbers in an array of any shape; of any integer type."""
        ...


BOUNDARY_ID: Final = 0
"""The document boundary, in every tokenizer."""
