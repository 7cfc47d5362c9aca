"""The one form of sentencepiece model that lstmgen writes and reads.

sentencepiece's file is a protocol buffer (`sentencepiece_model.proto`) in which much can be said that lstmgen never wants: normalisers
that alter text, self tests, unknown pieces elsewhere than at id 0. So a trained model is written anew from its pieces alone, and a model
from a file is accepted only if writing its pieces anew gives the same bytes. What reaches sentencepiece's parser is therefore always of
our making.

Pieces: id 0 is sentencepiece's unknown (never produced, because every byte has a piece; the document boundary in our ids), 1 to 256 are the
bytes, and the learnt ones follow with their scores.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lstmgen import limits
from lstmgen.choices import PieceModel

_MODEL_TYPES: Final[dict[PieceModel, int]] = {"unigram": 1, "bpe": 2}
_VARINT, _LENGTH, _FLOAT = 0, 2, 5
_UNKNOWN_TYPE, _BYTE_TYPE = 2, 6
_MINUS_ONE: Final = 2**64 - 1
_MAX_SCORE: Final = 1e7
"""Ranks are below the largest vocabulary, log probabilities far smaller; sums of scores must stay finite."""
_RESERVED: Final = 257
"""The unknown piece and the bytes."""


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """What a sentencepiece model has learnt.

    Args:
        kind: how pieces are put together.
        texts: the learnt pieces, different and not empty, U+2581 in place of a space; `texts[i]` has id 257 + i.
        scores: for `unigram` the log probability of each piece, for `bpe` minus its rank; float32 values.
    """

    kind: PieceModel
    texts: tuple[str, ...]
    scores: tuple[float, ...]


def write(pieces: Pieces) -> bytes:
    """The model as sentencepiece reads it: identity normaliser, no dummy prefix, byte fallback, no begin, end or padding."""
    out = [_piece("<unk>", 0.0, _UNKNOWN_TYPE)]
    out.extend(_piece(f"<0x{byte:02X}>", 0.0, _BYTE_TYPE) for byte in range(256))
    out.extend(_piece(text, score) for text, score in zip(pieces.texts, pieces.scores, strict=True))
    model_type, vocab_size, byte_fallback, unknown, begin, end, padding = 3, 4, 35, 40, 41, 42, 43
    trainer = (
        _number(model_type, _MODEL_TYPES[pieces.kind]),
        _number(vocab_size, _RESERVED + len(pieces.texts)),
        _number(byte_fallback, 1),
        _number(unknown, 0),
        *(_number(absent, _MINUS_ONE) for absent in (begin, end, padding)),
    )
    add_dummy_prefix, remove_extra_whitespaces = 3, 4
    normalizer = (_block(1, b"identity"), _number(add_dummy_prefix, 0), _number(remove_extra_whitespaces, 0))
    return b"".join((*out, _block(2, b"".join(trainer)), _block(3, b"".join(normalizer))))


def read(model: bytes) -> Pieces:
    """The pieces of a model that `write` wrote.

    Raises:
        ValueError: it is anything else.
    """
    texts: list[str] = []
    scores: list[float] = []
    kind: PieceModel | None = None
    for index, (field, value) in enumerate(_fields(model)):
        if field == 1 and index >= _RESERVED:
            text, score = _learnt(_message(value))
            texts.append(text)
            scores.append(score)
        elif field == 2:
            number = dict(_fields(_message(value))).get(3)
            kind = next((name for name, code in _MODEL_TYPES.items() if code == number), None)
        if len(texts) > limits.MAX_VOCABULARY - _RESERVED:
            raise ValueError("too many pieces")
    if kind is None:
        raise ValueError("neither a bpe nor a unigram model")
    pieces = Pieces(kind=kind, texts=tuple(texts), scores=tuple(scores))
    if len(set(texts)) != len(texts) or write(pieces) != model:
        raise ValueError("it says more or other things than its pieces")
    return pieces


def _learnt(piece: bytes) -> tuple[str, float]:
    parts: list[tuple[int, object]] = list(_fields(piece))
    match parts:
        case [(1, bytes() as raw), (2, float() as score)] if 0 < len(raw) <= limits.MAX_PIECE_BYTES and abs(score) <= _MAX_SCORE:
            return raw.decode("utf-8"), score
        case _:
            raise ValueError("a piece without a bounded text and a bounded score")


def _message(value: float | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number in place of a message")  # noqa: TRY004 - the file is wrong, not the call
    return value


def _fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """Field numbers and values of one protocol buffer message, of the three wire types that `write` uses."""
    position = 0
    while position < len(message):
        key, position = _read_varint(message, position)
        field, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, position = _read_varint(message, position)
            yield field, value
        elif wire == _FLOAT:
            if position + 4 > len(message):
                raise ValueError("it ends within a number")
            yield field, struct.unpack_from("<f", message, position)[0]
            position += 4
        elif wire == _LENGTH:
            size, position = _read_varint(message, position)
            if position + size > len(message):
                raise ValueError("it ends within a field")
            yield field, message[position : position + size]
            position += size
        else:
            raise ValueError(f"wire type {wire}")


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            raise ValueError("it ends within a number")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("a number that does not end")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _block(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | _LENGTH) + _varint(len(value)) + value


def _piece(text: str, score: float, kind: int | None = None) -> bytes:
    parts: Sequence[bytes] = (
        _block(1, text.encode("utf-8")),
        _varint(2 << 3 | _FLOAT) + struct.pack("<f", score),
        b"" if kind is None else _number(3, kind),
    )
    return _block(1, b"".join(parts))
