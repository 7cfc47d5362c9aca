"""torch takes most of the time until the first character appears. Here it is loaded sooner."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import sys
import threading
from pathlib import Path
from typing import Final

_LIBRARIES: Final = (("libtorch_global_deps.so", ctypes.RTLD_GLOBAL), ("libtorch_python.so", ctypes.DEFAULT_MODE))
"""As torch loads them, and in its order."""


def begin() -> None:
    """Lets another core map torch's libraries while this one reads the model's tokenizer; what fails here, torch does again by itself."""
    if "torch" not in sys.modules:
        threading.Thread(target=_map_libraries, daemon=True).start()


def _map_libraries() -> None:
    with contextlib.suppress(OSError, ImportError, ValueError):
        spec = importlib.util.find_spec("torch")
        for folder in (spec and spec.submodule_search_locations) or ():
            for name, mode in _LIBRARIES:
                if (path := Path(folder, "lib", name)).is_file():
                    ctypes.CDLL(str(path), mode=mode)
