"""Subword tokenizers by sentencepiece: `bpe` (byte pair encoding) and `unigram`. The only file that imports sentencepiece.

sentencepiece is told to leave the text alone (identity normaliser, no dummy prefix, white space kept) and to spell in bytes what it does
not know. Two characters that it cannot carry go past it, straight to the ids of their bytes: U+2581, which it uses for the space, and NUL;
byte escapes take the same way. A text is handed to it line by line, each line with the line ends before it, long ones in bounded parts; so
the borders of these parts are places where a text may be cut, and no text is too long.

Papers: Sennrich et al. 2016 (arXiv:1508.07909), Kudo 2018 (arXiv:1804.10959), Kudo and Richardson 2018 (arXiv:1808.06226).
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from lstmgen import limits
from lstmgen.choices import OovPolicy, PieceModel
from lstmgen.errors import LstmgenError, UsageError
from lstmgen.ids import Ids
from lstmgen.media import checks
from lstmgen.media.text import piece_proto
from lstmgen.media.text.byte_table import FIRST_UNIT_ID, EndsInBytes, spell
from lstmgen.media.text.known_words import KnownWords
from lstmgen.media.text.piece_proto import SPACE_MARK
from lstmgen.media.text.sampling import Texts, sample
from lstmgen.media.text.segments import SEGMENT
from lstmgen.media.text.symbols import has_byte_escapes, settle_strays
from lstmgen.wording import counted

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

_VERSION: Final = 2
"""Of the JSON; in version 1 it held sentencepiece's model."""
_UNKNOWN_MARK: Final = "\u2585"
"""sentencepiece refuses to train on lines that hold this."""

_MARKS: Final = f"{SPACE_MARK}\0"
"""The characters that go past sentencepiece, as byte escapes do."""
_ESCAPES: Final = "\udc80-\udcff"
_ESCAPE_BYTES: Final = rb"\xed[\xb2\xb3]."
"""The same where surrogates were passed on to UTF-8."""

_BETWEEN_WORDS: Final = re.compile("[^ ] ")

_SAMPLE_CHARS: Final[dict[PieceModel, int]] = {"bpe": 20 * 10**6, "unigram": 2 * 10**6}
"""How much of a corpus is learnt from. Finding unigram pieces takes about ten times as long."""
_MAX_PIECE_CHARS: Final[dict[PieceModel, int]] = {"bpe": 24, "unigram": 16}
"""Longer than sentencepiece's 16 for the indentation of source code, where it does not double the time."""
_UNIGRAM_CANDIDATES: Final = 100_000
"""Pieces that unigram starts from; ten times as many, sentencepiece's own choice, give the same in twice the time."""
_MIN_DEFAULT_VOCABULARY, _MAX_DEFAULT_VOCABULARY = 512, 8192
_MIN_VOCABULARY: Final = FIRST_UNIT_ID + 2
_MAX_SCORE: Final = 1e7
"""Ranks are below the largest vocabulary, log probabilities far smaller; sums of scores must stay finite."""
_NUM_THREADS: Final = 2
"""Fixed, because unigram's sums depend on it: the same corpus gives the same model on every machine."""
_SILENT: Final = 4
"""sentencepiece's log level above its errors, which it raises too."""


@final
@dataclass(frozen=True)
class PieceTokenizer(EndsInBytes):
    """The boundary, the 256 bytes, then one id for each learnt piece: sentencepiece's own ids, whose unknown piece is our boundary.

    Args:
        name: `bpe` or `unigram`: how pieces are put together.
        pieces: what was learnt, different and not empty; `pieces[i]` has id 257 + i.
        scores: for `unigram` the log probability of each piece, for `bpe` minus its rank; float32 values.
        raw_bytes: whether bytes that are not UTF-8 decode back to byte escapes; else they decode to U+FFFD.
    """

    name: PieceModel
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    raw_bytes: bool = False

    @staticmethod
    def train(kind: PieceModel, texts: Texts, *, counts: Mapping[str, int], vocab_size: int | None = None) -> PieceTokenizer:
        """Learns pieces from a corpus; the same corpus gives the same pieces.

        Args:
            kind: `bpe` or `unigram`.
            texts: chunks of the corpus.
            counts: how often each character occurs in it.
            vocab_size: number of ids; a corpus too small to fill them gets fewer. None: by the size of the corpus, 512 to 8192.

        Raises:
            UsageError: fewer ids than the bytes need.
        """
        if vocab_size is not None and vocab_size < _MIN_VOCABULARY:
            raise UsageError(
                f"a {kind} vocabulary of {vocab_size} leaves no room beside the {FIRST_UNIT_ID} ids of the bytes and the boundary",
                remedy=f"--vocab-size {_MIN_VOCABULARY} or more; 2048 is a good start",
            )
        total_chars = sum(counts.values())
        size = vocab_size or min(max(int(2 * total_chars**0.5), _MIN_DEFAULT_VOCABULARY), _MAX_DEFAULT_VOCABULARY)
        alphabet = _alphabet(counts, at_most=max(1, (size - FIRST_UNIT_ID) * 3 // 4))
        chunks = sample(texts, total_chars=total_chars, limit_chars=_SAMPLE_CHARS[kind])
        learnt = _learn(kind, _training_lines(chunks, alphabet), vocab_size=size)
        if learnt is None:
            # sentencepiece finds nothing to join in some tiny corpora, such as one long run of a letter: characters alone, then.
            learnt = _learn(kind, iter(sorted(alphabet - {"\n", "\r"}) or ["a"]), vocab_size=size)
        if learnt is None:
            raise LstmgenError(
                f"sentencepiece could learn no pieces of kind {kind} from this corpus", remedy="--tokenizer word or --tokenizer char"
            )
        return PieceTokenizer(kind, *learnt, raw_bytes=any(has_byte_escapes(symbol) for symbol in counts))

    def _units(self) -> tuple[str, ...]:
        return self.pieces

    @cached_property
    def _processor(self) -> SentencePieceProcessor:
        return _load(piece_proto.write(self.name, self.pieces, self.scores))

    @cached_property
    def _marks(self) -> str:
        """The characters that go past sentencepiece; also the space where no piece is one, for its bytes would be those of U+2581."""
        return _MARKS if " " in self.pieces else f"{_MARKS} "

    @cached_property
    def _words(self) -> KnownWords | None:
        """What encodes word by word, where no piece reaches from one word into the next, and scores are ranks, which are not added up."""
        alone = self.name == "bpe" and not any(map(_BETWEEN_WORDS.search, self.pieces))
        marks = b"|".join((_ESCAPE_BYTES, *(re.escape(mark.encode()) for mark in self._marks)))
        return KnownWords(self._encode_parts, [*map(len, self.entries())], alone=re.compile(marks, re.DOTALL)) if alone else None

    @cached_property
    def _beside(self) -> re.Pattern[str]:
        """A character that goes past sentencepiece."""
        return re.compile(f"([{self._marks}{_ESCAPES}])")

    def encode(self, text: str, *, oov: OovPolicy = "error") -> Ids:
        """The ids of the pieces of a text. Raises UnseenSymbolError: it holds a stray surrogate and `oov` is `error`."""
        text = settle_strays(text, oov)
        marked = has_byte_escapes(text) or any(mark in text for mark in self._marks)
        return self.encode_whole(text, marked=marked) if self._words is None else self._words.encode(text, some_alone=marked)

    def encode_whole(self, text: str, *, marked: bool = False) -> Ids:
        """The ids of a text, segment by segment, by sentencepiece and past it; `marked`: it may hold what sentencepiece cannot carry."""
        segments = SEGMENT.findall(text)
        if not marked:
            return _flat(self._processor.encode(segments))
        return _flat(self._encode_parts([part for segment in segments for part in self._beside.split(segment) if part]))

    def _encode_parts(self, parts: list[str]) -> list[list[int]]:
        """The ids of each part, which is a character that goes past sentencepiece or holds none."""
        past = [self._beside.match(part) is not None for part in parts]
        learnt = iter(self._processor.encode([part for part, alone in zip(parts, past, strict=True) if not alone]))
        return [spell(part).tolist() if alone else next(learnt) for part, alone in zip(parts, past, strict=True)]

    def safe_cut(self, text: str) -> int:
        """The start of the last segment: where it ends is not known yet, where it starts is."""
        start = len(text[: text.rfind("\n") + 1].rstrip("\n"))  # a run of line ends always starts a segment
        for match in SEGMENT.finditer(text, start):
            start = match.start()
        return start

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it; the pieces stand in the order of their ids, and nine digits tell every float32 from the next."""
        scores = [float(f"{score:.9g}") for score in self.scores]
        return {"name": self.name, "version": _VERSION, "pieces": list(self.pieces), "scores": scores, "raw_bytes": self.raw_bytes}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> PieceTokenizer:
        """The tokenizer that `to_json` described, in this version or the one before. Raises ModelFileError."""
        if checks.version(values, _VERSION) == 1:
            values = _of_version_1(values)
        checks.only_keys(values, "pieces", "scores", "raw_bytes", newest=_VERSION)
        pieces = checks.distinct_texts(values, "pieces", at_most=limits.MAX_VOCABULARY - FIRST_UNIT_ID)
        if re.search(f"[{_MARKS}{_ESCAPES}]", "".join(pieces)):
            checks.refuse("a piece holds a character that no piece can hold")
        scores = checks.typed(values, "scores", list)
        if len(scores) != len(pieces) or not all(type(score) in (int, float) and abs(score) <= _MAX_SCORE for score in scores):
            checks.refuse(f"scores is no list of {len(pieces)} bounded numbers, one for each piece")
        exact = tuple(np.array(scores, dtype=np.float32).tolist())
        tokenizer = PieceTokenizer(values["name"], pieces, exact, raw_bytes=checks.typed(values, "raw_bytes", bool))
        try:
            found = tokenizer._processor.piece_size()
        except (RuntimeError, ValueError) as error:
            checks.refuse(f"sentencepiece refuses the pieces: {error}")
        if found != tokenizer.vocab_size:
            checks.refuse(f"sentencepiece found {counted(found, 'piece')}, expected {tokenizer.vocab_size}")
        return tokenizer


def _of_version_1(values: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of lstmgen 0.1.0, which held sentencepiece's model in base64, as version 2."""
    checks.only_keys(values, "model", "raw_bytes")
    try:
        pieces, scores = piece_proto.read(values["name"], base64.b64decode(checks.typed(values, "model", str), validate=True))
    except ValueError as error:
        checks.refuse(f"model is no sentencepiece model that lstmgen wrote: {error}")
    return {"name": values["name"], "version": _VERSION, "pieces": pieces, "scores": scores, "raw_bytes": values["raw_bytes"]}


def _flat(ids: Iterable[list[int]]) -> Ids:
    return np.fromiter(chain.from_iterable(ids), dtype=np.int64)


def _alphabet(counts: Mapping[str, int], *, at_most: int) -> frozenset[str]:
    """The characters that become pieces: the most frequent ones; all others are spelled in bytes."""
    unusable = re.compile(f"[{_MARKS}{_UNKNOWN_MARK}\ud800-\udfff]")
    usable = [symbol for symbol in counts if not unusable.match(symbol)]
    return frozenset(sorted(usable, key=lambda symbol: (-counts[symbol], symbol))[:at_most])


def _training_lines(chunks: Iterable[str], alphabet: frozenset[str]) -> Iterator[str]:
    """Bounded parts of a corpus, cut wherever a character outside the alphabet stands."""
    if not alphabet:
        return
    outside = re.compile("[^" + "".join(re.escape(symbol) for symbol in sorted(alphabet)) + "]+")
    for chunk in chunks:
        for segment in SEGMENT.findall(chunk):
            yield from (part for part in outside.split(segment) if part)


def _learn(kind: PieceModel, lines: Iterator[str], *, vocab_size: int) -> tuple[tuple[str, ...], tuple[float, ...]] | None:
    """The pieces that sentencepiece finds, and their scores; None where it finds none."""
    import sentencepiece

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=lines,
            model_writer=model,
            model_type=kind,
            vocab_size=vocab_size,
            hard_vocab_limit=False,  # a small corpus gives fewer pieces rather than an error
            character_coverage=1.0,  # the lines hold the alphabet and nothing else
            byte_fallback=True,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            allow_whitespace_only_pieces=True,  # indentation
            max_sentencepiece_length=_MAX_PIECE_CHARS[kind],
            seed_sentencepiece_size=_UNIGRAM_CANDIDATES,
            max_sentence_length=2**20,
            unk_id=0,
            bos_id=-1,
            eos_id=-1,
            pad_id=-1,
            num_threads=_NUM_THREADS,
            minloglevel=_SILENT,
        )
        processor = _load(model.getvalue())
    except RuntimeError:
        return None
    learnt = range(FIRST_UNIT_ID, processor.piece_size())
    pieces = tuple(processor.id_to_piece(index).replace(SPACE_MARK, " ") for index in learnt)
    return pieces, tuple(processor.get_score(index) for index in learnt)


def _load(model: bytes) -> SentencePieceProcessor:
    """Raises RuntimeError when sentencepiece refuses the model."""
    import sentencepiece

    sentencepiece.set_min_log_level(_SILENT)
    processor = sentencepiece.SentencePieceProcessor()
    processor.load_from_serialized_proto(model)
    return processor
