"""torch takes most of the time until the first character appears. Here it is loaded sooner, and without a part that nothing here uses."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

_META: Final = "torch._meta_registrations"
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


@contextlib.contextmanager
def without_meta_kernels() -> Iterator[None]:
    """While torch is loaded inside, it leaves out what follows the shapes of tensors without content: a fifth of its time.

    That is for compilers. Whoever imports it afterwards gets it as ever.
    """
    if "torch" in sys.modules or _META in sys.modules:
        yield
        return
    stand_in = sys.modules[_META] = ModuleType(_META)
    try:
        yield
    finally:
        if sys.modules.get(_META) is stand_in:
            del sys.modules[_META]
        vars(sys.modules.get("torch", stand_in)).pop("_meta_registrations", None)
