"""Token ids: what every medium becomes, and all that the network knows.

Ids are exactly `0 .. vocab_size - 1`. Id 0 is the document boundary: it stands before every document of a token file, it is what
generation starts from when there is no prompt, and it decodes to nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
"""One-dimensional token ids."""

BOUNDARY_ID: Final = 0
"""The document boundary, in every tokenizer."""
