"""Machine code of compiled loops, as a file: made once on a machine with numba, and loaded with llvmlite alone, in milliseconds.

    32 bytes    SHA-256 of all that follows
    4 bytes     length of the names, little endian
    names       JSON: the name that each function has in the object
    object      what LLVM makes of the loops for this processor

The name of the file says what the code depends on: the loops themselves, llvmlite, and the processor. It lies where Python keeps its own
compiled code, beside the loops, or in the user's cache where that cannot be written; whoever may write there could change the loops too.

What was proven of the code (`Decoder.compile`) is kept beside it: a line for each shape of network, in a file whose name says for which
code and which packages that is true.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import importlib.util
import json
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, final

from lstmgen.errors import LstmgenError
from lstmgen.storage import atomic_write, cache_folder, make_folder
from lstmgen.strict_json import StrictJsonError, loads

FUNCTIONS: Final = ("token", "block", "inputs", "flushed")
_SOURCES: Final = ("layout.py", "loops.py", "numbers.py", "remembering.py", "rows.py", "vectors.py")
_MADE_BY: Final = ("numpy", "torch")
"""Packages whose numbers the code is to have."""
_MOST_PROOFS: Final = 1000
_DIGEST_BYTES: Final = 32
_LENGTH_BYTES: Final = 4


@final
class Code:
    """Loaded loops; each takes the words of its record (`layout.words`).

    Args:
        object_bytes: machine code for this processor.
        names: of each function in it.
        digest: of both.

    Raises:
        RuntimeError: LLVM does not load it.
    """

    def __init__(self, object_bytes: bytes, names: Mapping[str, str], digest: str) -> None:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(object_bytes))
        self._engine.finalize_object()
        kind = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
        self._functions = {name: kind(self._engine.get_function_address(there)) for name, there in names.items()}
        self.digest = digest

    def call(self, function: str, words: list[int]) -> bool:
        """Whether all went well. Raises RuntimeError: numba gave up."""
        given, answer = array("q", words), array("q", (0, 0))
        place = answer.buffer_info()[0]
        if self._functions[function](place, place + 8, given.buffer_info()[0]):
            raise RuntimeError("a compiled loop failed")
        return bool(answer[0])

    def flush(self) -> bool:
        """From now on numbers that are almost zero are zero in this thread, as torch sets it; whether this processor can do that."""
        room = array("q", (0,))
        return self.call("flushed", [room.buffer_info()[0]])


def target_machine() -> Any:
    """What LLVM makes code for: this processor."""
    import llvmlite.binding as llvm

    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True
    )


@functools.cache
def load() -> Code | None:
    """What is kept for this machine; None: nothing that could be loaded."""
    if importlib.util.find_spec("llvmlite") is None:
        return None
    for folder in _folders():
        try:
            content = (folder / _name()).read_bytes()
            digest, rest = content[:_DIGEST_BYTES], memoryview(content)[_DIGEST_BYTES:]
            length = _LENGTH_BYTES + int.from_bytes(rest[:_LENGTH_BYTES], "little")
            if hashlib.sha256(rest).digest() == digest:
                return Code(bytes(rest[length:]), loads(bytes(rest[_LENGTH_BYTES:length])), digest.hex())
        except (OSError, RuntimeError, StrictJsonError):
            continue
    return None


def problem() -> str:
    """Why nothing can be compiled here; empty: it can, or was."""
    return "" if importlib.util.find_spec("numba") is not None else "not compiled: needs numba, pip install 'lstmgen[fast]'"


def made() -> Code:
    """What is kept; where nothing is, it is compiled now, which takes seconds.

    Raises:
        LstmgenError: it can be written nowhere.
        RuntimeError: it does not load.
    """
    load.cache_clear()  # another process may have kept it since
    found = load()
    if found is None:
        importlib.import_module("lstmgen.model.compiled.prepare").prepare()
        found = load()
    if found is None:
        raise RuntimeError("what was compiled does not load")
    return found


def is_first_to_make() -> bool:
    """Whether nothing is kept, and this was not asked before on this machine."""
    name = f"{_name()}.begun"
    if load() is not None or any((folder / name).exists() for folder in _folders()):
        return False
    try:
        _write(name, b"")
    except LstmgenError:
        return False
    return True


def keep(object_bytes: bytes, names: Mapping[str, str]) -> None:
    """Keeps what was compiled. Raises LstmgenError: it can be written nowhere."""
    told = json.dumps(dict(names)).encode()
    content = len(told).to_bytes(_LENGTH_BYTES, "little") + told + object_bytes
    _write(_name(), hashlib.sha256(content).digest() + content)
    load.cache_clear()


def is_proven(code: Code, facts: Mapping[str, Any]) -> bool:
    """Whether tokens of such networks were seen to have the numbers of the usual path, with the packages that are installed."""
    return _proof(facts) in _proofs(code)


def keep_proof(code: Code, facts: Mapping[str, Any]) -> None:
    """Keeps that they have. Raises LstmgenError: it can be written nowhere."""
    if not is_proven(code, facts):
        proofs = [*_proofs(code)[1 - _MOST_PROOFS :], _proof(facts)]
        _write(_proven_by(code), "".join(f"{proof}\n" for proof in proofs).encode())


def _proofs(code: Code) -> list[str]:
    for folder in _folders():
        with contextlib.suppress(OSError):
            return (folder / _proven_by(code)).read_text().split()
    return []


def _proof(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(dict(facts), sort_keys=True).encode()).hexdigest()


def _proven_by(code: Code) -> str:
    """The name of the file of proofs, by what they depend on beside the network."""
    told = hashlib.sha256(code.digest.encode())
    for package in _MADE_BY:
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:  # to import what knows versions takes longer than all of this
            told.update(Path(found.origin).with_name("version.py").read_bytes())
    return f"loops-{told.hexdigest()[:32]}.proven"


@functools.cache
def _name() -> str:
    """Of the file, by what the code depends on."""
    import llvmlite
    import llvmlite.binding as llvm

    told = hashlib.sha256()
    for source in _SOURCES:
        told.update(Path(__file__).with_name(source).read_bytes())
    told.update(f"{llvmlite.__version__} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}".encode())
    return f"loops-{told.hexdigest()[:32]}.code"


def _folders() -> list[Path]:
    """Where it is kept, the better place first."""
    beside = Path(importlib.util.cache_from_source(__file__)).parent
    try:
        return [beside, cache_folder({}) / "compiled"]
    except LstmgenError:
        return [beside]


def _write(name: str, content: bytes) -> None:
    *others, last = _folders()
    for folder in others:
        with contextlib.suppress(LstmgenError):
            make_folder(folder)
            atomic_write(folder / name, content)
            return
    make_folder(last)
    atomic_write(last / name, content)
