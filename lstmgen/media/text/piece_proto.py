"""sentencepiece's serialized model, a protocol buffer, written from pieces and scores: its parser sees no bytes but these.

Much can be said in it (`sentencepiece_model.proto`) that lstmgen never wants, such as normalisers that alter text. What is written here: an
identity normaliser, no dummy prefix, byte fallback, no begin, end or padding. Piece 0 is sentencepiece's unknown (never produced, because
every byte has a piece; the document boundary in our ids), 1 to 256 are the bytes, and the learnt ones follow.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np

from lstmgen import limits
from lstmgen.choices import PieceModel
from lstmgen.media.text.byte_table import FIRST_UNIT_ID

SPACE_MARK: Final = "\u2581"
"""What sentencepiece uses for the space."""

_MODEL_TYPES: Final[dict[PieceModel, int]] = {"unigram": 1, "bpe": 2}
_VARINT, _LENGTH, _FLOAT = 0, 2, 5
_UNKNOWN_TYPE, _BYTE_TYPE = 2, 6
_MINUS_ONE: Final = 2**64 - 1


def write(kind: PieceModel, pieces: Sequence[str], scores: Sequence[float]) -> bytes:
    """The model as sentencepiece reads it; `pieces[i]`, with spaces as such, has id 257 + i and the score `scores[i]`."""
    learnt = (_piece(text.replace(" ", SPACE_MARK), score) for text, score in zip(pieces, scores, strict=True))
    model_type, vocab_size, byte_fallback, unknown, begin, end, padding = 3, 4, 35, 40, 41, 42, 43
    trainer = (
        _number(model_type, _MODEL_TYPES[kind]),
        _number(vocab_size, FIRST_UNIT_ID + len(pieces)),
        _number(byte_fallback, 1),
        _number(unknown, 0),
        *(_number(absent, _MINUS_ONE) for absent in (begin, end, padding)),
    )
    add_dummy_prefix, remove_extra_whitespaces = 3, 4
    normalizer = (_block(1, b"identity"), _number(add_dummy_prefix, 0), _number(remove_extra_whitespaces, 0))
    return b"".join((_reserved(), *learnt, _block(2, b"".join(trainer)), _block(3, b"".join(normalizer))))


def read(kind: PieceModel, model: bytes) -> tuple[list[str], list[float]]:
    """The pieces and scores of a model that `write` wrote, as model files of lstmgen 0.1.0 hold it.

    Raises:
        ValueError: it is anything else.
    """
    pieces: list[str] = []
    scores: list[bytes] = []
    place = len(_reserved())
    while model[place : place + 1] == _key(1, _LENGTH) and len(pieces) < limits.MAX_VOCABULARY:
        size, message = _size(model, place + 1)
        _, text = _size(model, message + 1)
        place = message + size
        pieces.append(model[text : place - 5].decode().replace(SPACE_MARK, " "))
        scores.append(model[place - 4 : place])
    found = pieces, np.frombuffer(b"".join(scores), dtype="<f4").tolist()
    if write(kind, *found) != model:
        raise ValueError("it says more or other things than its pieces")
    return found


def _size(model: bytes, place: int) -> tuple[int, int]:
    """A length below 2**14, and where the thing of that length begins."""
    low, high = model[place : place + 2]
    return (low, place + 1) if low < 0x80 else (low - 0x80 + 0x80 * high, place + 2)


def _reserved() -> bytes:
    return _piece("<unk>", 0.0, _UNKNOWN_TYPE) + b"".join(_piece(f"<0x{byte:02X}>", 0.0, _BYTE_TYPE) for byte in range(256))


def _piece(text: str, score: float, kind: int | None = None) -> bytes:
    parts = (_block(1, text.encode()), _key(2, _FLOAT), struct.pack("<f", score), b"" if kind is None else _number(3, kind))
    return _block(1, b"".join(parts))


def _number(field: int, value: int) -> bytes:
    return _key(field, _VARINT) + _varint(value)


def _block(field: int, value: bytes) -> bytes:
    return _key(field, _LENGTH) + _varint(len(value)) + value


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
