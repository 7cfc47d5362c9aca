"""Every tokenizer of text.

=========  ==========================================  =====================================================
name       one id for each                             text without an id
=========  ==========================================  =====================================================
`char`     character of the corpus                     a character that the corpus does not hold
`byte`     byte of UTF-8                               none
`word`     frequent word; rare ones are spelled        none
`bpe`      piece that sentencepiece joined from pairs  none
`unigram`  piece that sentencepiece found likely       none
`tagged`   small letter, with its case and mark        a character that the corpus does not hold
=========  ==========================================  =====================================================

All of these are lossless: what encodes comes back as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lstmgen import choices, limits
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media import checks
from lstmgen.media.text.base import TextTokenizer
from lstmgen.media.text.byte import ByteTokenizer
from lstmgen.media.text.char import CharTokenizer
from lstmgen.media.text.pieces import PieceTokenizer
from lstmgen.media.text.sampling import Texts, count_characters
from lstmgen.media.text.symbols import has_byte_escapes
from lstmgen.media.text.tagged import TaggedTokenizer
from lstmgen.media.text.word import WordTokenizer

NAMES: Final = choices.MEDIA["text"].tokenizers
_READERS: Final[dict[str, Callable[[Mapping[str, Any]], TextTokenizer]]] = {
    "char": CharTokenizer.from_json,
    "byte": ByteTokenizer.from_json,
    "word": WordTokenizer.from_json,
    "bpe": PieceTokenizer.from_json,
    "unigram": PieceTokenizer.from_json,
    "tagged": TaggedTokenizer.from_json,
}
SLOW_TO_BUILD: Final = frozenset({"word", "bpe", "unigram"})
"""Those that are worth remembering."""


def from_json(values: Mapping[str, Any]) -> TextTokenizer:
    """The tokenizer that its `to_json` described, whose name is known already. Raises ModelFileError."""
    return _READERS[values["name"]](values)


def build(name: str, texts: Texts, *, vocab_size: int | None = None, alphabet: Mapping[str, int] | None = None) -> TextTokenizer:
    """The tokenizer that a corpus of text gives.

    Args:
        name: one of `NAMES`.
        texts: returns a fresh iterator over chunks of text, cut anywhere; None and "" are passed over. Called once or twice.
        vocab_size: most ids that `word`, `bpe` and `unigram` may use; None fits it to the corpus.
        alphabet: how often each character occurs in the corpus, where that is known; saves one reading.

    Raises:
        UsageError: there is no such tokenizer of text, or `vocab_size` does not apply to it or is out of range.
        CorpusError: the corpus holds no text.
    """
    checks.known_name(name, NAMES, needs="MIDI, and the source holds text")
    if vocab_size is not None:
        _check_vocab_size(name, vocab_size)
    counts = count_characters(texts) if alphabet is None else {symbol: count for symbol, count in alphabet.items() if count > 0}
    if not counts:
        raise CorpusError("the corpus holds no text, expected at least one character", remedy="name a source that holds text")
    match name:
        case "char":
            return CharTokenizer.from_counts(counts)
        case "tagged":
            return TaggedTokenizer.from_counts(counts)
        case "byte":
            return ByteTokenizer(raw_bytes=any(has_byte_escapes(symbol) for symbol in counts))
        case "word":
            return WordTokenizer.train(texts, counts=counts, vocab_size=vocab_size)
        case _:
            return PieceTokenizer.train("bpe" if name == "bpe" else "unigram", texts, counts=counts, vocab_size=vocab_size)


def _check_vocab_size(name: str, vocab_size: int) -> None:
    if name in {"byte", "char", "tagged"}:
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
