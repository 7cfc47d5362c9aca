"""Text to ids and back. `build` learns a tokenizer from a corpus, `from_json` takes one out of a model file.

=========  ==========================================  =====================================================
name       one id for each                             text without an id
=========  ==========================================  =====================================================
`char`     character of the corpus                     a character that the corpus does not hold
`byte`     byte of UTF-8                               none
`word`     frequent word; rare ones are spelled        none
`bpe`      piece that sentencepiece joined from pairs  none
`unigram`  piece that sentencepiece found likely       none
=========  ==========================================  =====================================================

All are lossless: what encodes comes back as it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from lstmgen import limits
from lstmgen.errors import CorpusError, UsageError
from lstmgen.tokenizers import checks
from lstmgen.tokenizers.base import BOUNDARY_ID, Ids, OovPolicy, StreamDecoder, Tokenizer
from lstmgen.tokenizers.byte import ByteTokenizer
from lstmgen.tokenizers.char import CharTokenizer
from lstmgen.tokenizers.piece_proto import PieceModel
from lstmgen.tokenizers.pieces import PieceTokenizer
from lstmgen.tokenizers.sampling import Texts, count_characters
from lstmgen.tokenizers.symbols import has_byte_escapes, printable
from lstmgen.tokenizers.word import WordTokenizer

__all__ = [
    "BOUNDARY_ID",
    "NAMES",
    "ByteTokenizer",
    "CharTokenizer",
    "Ids",
    "OovPolicy",
    "PieceTokenizer",
    "StreamDecoder",
    "Texts",
    "Tokenizer",
    "WordTokenizer",
    "build",
    "fingerprint",
    "from_json",
    "printable",
]

_READERS: Final[dict[str, Callable[[Mapping[str, Any]], Tokenizer]]] = {
    "char": CharTokenizer.from_json,
    "byte": ByteTokenizer.from_json,
    "word": WordTokenizer.from_json,
    "bpe": PieceTokenizer.from_json,
    "unigram": PieceTokenizer.from_json,
}

NAMES: Final = tuple(_READERS)
"""Every tokenizer there is, the default first."""


def build(name: str, texts: Texts, *, vocab_size: int | None = None, alphabet: Mapping[str, int] | None = None) -> Tokenizer:
    """The tokenizer that a corpus gives.

    Args:
        name: one of `NAMES`.
        texts: returns a fresh iterator over chunks of text, cut anywhere; None and "" are passed over. Called once or twice.
        vocab_size: most ids that `word`, `bpe` and `unigram` may use; None fits it to the corpus.
        alphabet: how often each character occurs in the corpus, where that is known; saves one reading.

    Raises:
        UsageError: there is no such tokenizer, or `vocab_size` does not apply to it or is out of range.
        CorpusError: the corpus holds no text.
    """
    if name not in NAMES:
        raise UsageError(f"there is no tokenizer {name!r}, expected one of {', '.join(NAMES)}", remedy="--tokenizer char")
    if vocab_size is not None:
        _check_vocab_size(name, vocab_size)
    counts = count_characters(texts) if alphabet is None else {symbol: count for symbol, count in alphabet.items() if count > 0}
    if not counts:
        raise CorpusError("the corpus holds no text, expected at least one character", remedy="name a source that holds text")
    if name == "char":
        return CharTokenizer.from_counts(counts)
    if name == "word":
        return WordTokenizer.train(texts, counts=counts, vocab_size=vocab_size)
    for kind in get_args(PieceModel):
        if name == kind:
            return PieceTokenizer.train(kind, texts, counts=counts, vocab_size=vocab_size)
    return ByteTokenizer(raw_bytes=any(has_byte_escapes(symbol) for symbol in counts))


def _check_vocab_size(name: str, vocab_size: int) -> None:
    if name in {"byte", "char"}:
        size = "always has 257 ids" if name == "byte" else "has one id for each character of the corpus"
        raise UsageError(
            f"a vocabulary size of {vocab_size} does not apply to the {name} tokenizer, which {size}",
            remedy="leave --vocab-size out, or choose --tokenizer word, bpe or unigram",
        )
    if vocab_size > limits.MAX_VOCABULARY:
        raise UsageError(
            f"a vocabulary of {vocab_size} is too large, expected at most {limits.MAX_VOCABULARY}",
            remedy="leave --vocab-size out to fit it to the corpus",
        )


def from_json(values: Any) -> Tokenizer:
    """The tokenizer that `Tokenizer.to_json` described; nothing in `values` is trusted.

    Raises:
        ModelFileError: `values` is not what `to_json` gives.
    """
    if not isinstance(values, Mapping):
        checks.refuse(f"found {type(values).__name__}, expected a table")
    name, version = values.get("name"), values.get("version")
    if not isinstance(name, str) or name not in _READERS:
        checks.refuse(f"its name is {ascii(name)[:40]}, expected one of {', '.join(NAMES)}")
    if type(version) is not int or version != checks.VERSION:
        checks.refuse(f"its version is {ascii(version)[:40]}, expected {checks.VERSION}")
    return _READERS[name](values)


def fingerprint(tokenizer: Tokenizer) -> str:
    """The sha256 of a tokenizer's JSON in its one canonical form; equal where the tokenizers are."""
    canonical = json.dumps(tokenizer.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
