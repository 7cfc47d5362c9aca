"""What resuming needs, in one file: tensors, and counters and settings as JSON. `docs/formats.md` describes the format."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lstmgen.checkpoint import tensor_file
from lstmgen.checkpoint.tensor_writer import Packed
from lstmgen.errors import ModelFileError

if TYPE_CHECKING:
    from torch import Tensor

FORMAT: Final = "lstmgen-state"
VERSION: Final = 2
_NOT_FINITE: Final = "$float"
"""Key under which the JSON holds a number that JSON has no word for."""


def pack(tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> Packed:
    """The content of a file. Raises DivergedError: a tensor holds a number that is not finite."""
    document = {"format": FORMAT, "version": VERSION, "meta": without_special_numbers(dict(meta), _name_number)}
    return Packed(tensors, document)


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and meta of a file.

    Raises:
        ModelFileError: it is missing, damaged, or no state.
        MachineError: the machine cannot read or hold it.
    """
    from lstmgen.model.memory import refuse_loading

    with tensor_file.open_file(path) as stream:
        header = tensor_file.read_header(stream, path, form=FORMAT, version=VERSION)
        meta = header.document.get("meta")
        if not isinstance(meta, dict):
            raise ModelFileError(f"{str(path)!r} is damaged: it does not describe a state", remedy="start a new run")
        refuse_loading(path, header.file_bytes, copies=1)
        return tensor_file.read_tensors(stream, header, path), _with_special_numbers(meta)


def without_special_numbers(value: Any, substitute: Callable[[float], Any]) -> Any:
    """A copy of JSON values with something else in the place of every number that is not finite."""
    if isinstance(value, dict):
        return {key: without_special_numbers(item, substitute) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_special_numbers(item, substitute) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return substitute(value)
    return value


def _name_number(value: float) -> dict[str, str]:
    return {_NOT_FINITE: str(value)}


def _with_special_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {_NOT_FINITE} and value[_NOT_FINITE] in ("inf", "-inf", "nan"):
            return float(value[_NOT_FINITE])
        return {key: _with_special_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_special_numbers(item) for item in value]
    return value
