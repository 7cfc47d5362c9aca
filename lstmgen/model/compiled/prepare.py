"""Compiles loops before they are wanted, in a process of its own: see `ahead.py`."""

from __future__ import annotations

import llvmlite.binding as llvm
from numba import types

from lstmgen.model.compiled import code, loops


def prepare() -> None:
    """Compiles what a token and a block need, for all networks, and keeps it for all processes; nothing where that was done before.

    Raises:
        LstmgenError: it can be written nowhere.
    """
    if code.load() is None:
        object_bytes, names = _compiled()
        code.Code(object_bytes, names, "")  # where LLVM cannot load it, it may end the process: this one, before anything is kept
        code.keep(object_bytes, names)


def _compiled() -> tuple[bytes, dict[str, str]]:
    """Machine code, and the names of functions in it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module, names, signature = llvm.parse_assembly(""), {}, (types.int64,)
    for name in code.FUNCTIONS:
        function = getattr(loops, name)
        function.compile(signature)
        compiled = function.overloads[signature]
        names[name] = compiled.fndesc.llvm_func_name
        module.link_in(llvm.parse_assembly(compiled.library.get_llvm_str()))
    return code.target_machine().emit_object(module), names
