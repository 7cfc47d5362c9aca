"""Memory that one step gives back is kept for the next.

glibc takes every block of more than 32 MB from the system, and gives it back as soon as it is freed; so does it with what is free at the
end of its heap. A step of 8,192 tokens needs a dozen such blocks, and each of their pages of 4 KiB is a fault of the processor when it is
touched again: a twentieth to a fifth of the time of a step.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_MMAP_MAX: Final = -4
_WHILE_KEPT: Final = {_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: 2**31 - 1}
_USUAL: Final = {_M_MMAP_MAX: 65_536, _M_MMAP_THRESHOLD: 2**25, _M_TRIM_THRESHOLD: 2**26}
"""Parameters of mallopt(3), and their values. By itself glibc raises the thresholds to the size of what is freed, and to twice that, up to
these; whoever sets one of them ends that for good, so afterwards they stand where large tensors would have brought them."""


@contextlib.contextmanager
def kept_memory() -> Iterator[None]:
    """Inside, the C library keeps what is freed, where it is glibc; afterwards it does as it does by itself."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "mallopt") or not hasattr(library, "malloc_trim"):
        yield
        return
    try:
        for parameter, value in _WHILE_KEPT.items():
            library.mallopt(parameter, value)
        yield
    finally:
        for parameter, value in _USUAL.items():
            library.mallopt(parameter, value)
        library.malloc_trim(0)
