"""Where numpy's own loops are, for code that is compiled and is to give numpy's numbers.

numpy's tanh and exp are sums of its own, with last bits that no library for compiled code has. A ufunc holds the addresses of the loops
that it runs, as functions of C: the struct `PyUFuncObject`, which numpy documents for whoever writes ufuncs.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray


class _Ufunc(ctypes.Structure):
    """The beginning of `PyUFuncObject`."""

    _fields_ = [
        ("head", ctypes.c_byte * object.__basicsize__),
        ("inputs", ctypes.c_int),
        ("outputs", ctypes.c_int),
        ("arguments", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("kinds", ctypes.c_int),
    ]


_WANTED: Final[tuple[tuple[np.ufunc, Any], ...]] = ((np.tanh, "f->f"), (np.add, "ff->f"), (np.exp, "d->d"), (np.log, "d->d"))
"""In the order in which `numbers.py` numbers them."""


def addresses() -> NDArray[np.int64]:
    """Of the loops of each function that is wanted, and of the data that it is called with; of shape (4, 2).

    Raises:
        RuntimeError: a ufunc does not look as expected.
    """
    return np.array([_address(function, kind) for function, kind in _WANTED], dtype=np.int64)


def _address(function: np.ufunc, kind: Any) -> tuple[int, int]:
    ufunc, number = _Ufunc.from_address(id(function)), [*function.types].index(kind)
    if (ufunc.inputs, ufunc.outputs, ufunc.arguments) != (function.nin, function.nout, function.nargs) or number >= ufunc.kinds:
        raise RuntimeError(f"this numpy holds {function.__name__} in another way")
    address = ufunc.functions[number]
    if not address:
        raise RuntimeError(f"this numpy has no loop for {function.__name__}")
    return address, (ufunc.data[number] or 0) if ufunc.data else 0
