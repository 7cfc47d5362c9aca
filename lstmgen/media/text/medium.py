"""Text as a medium."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, final, get_args

import numpy as np
from numpy.typing import NDArray

from lstmgen import limits, storage
from lstmgen.choices import USUAL_TEMPERATURE, OovPolicy, label_of
from lstmgen.config import DataConfig, TokenizerConfig
from lstmgen.corpus.locate import Candidate
from lstmgen.errors import InputError, ModelFileError, UsageError
from lstmgen.ids import BOUNDARY_ID, Ids
from lstmgen.media.base import Access, Amount, Augment, Clock, Figure, Found, RowStyle, Symbols
from lstmgen.media.correcting import Expect
from lstmgen.media.features import Feature
from lstmgen.media.manner import Manner
from lstmgen.media.statistics import Counts, Extent, Statistic
from lstmgen.media.text import features, tokenizers
from lstmgen.media.text.base import END_OF_DOCUMENT, TextTokenizer
from lstmgen.media.text.decoding import decode_text
from lstmgen.media.text.division import Division
from lstmgen.media.text.documents import Corpus, gather
from lstmgen.media.text.gaps import GappedText, TextGap
from lstmgen.media.text.last_word import last_word
from lstmgen.media.text.material import TextMaterial
from lstmgen.media.text.options import INFILL_OPTIONS, SAMPLE_OPTIONS
from lstmgen.media.text.recognise import RefusedError, require_text
from lstmgen.media.text.stops import StopScanner
from lstmgen.media.text.symbols import printable, utf8_bytes, without_strays
from lstmgen.media.text.words import symbols_of_text
from lstmgen.media.text.writer import TextPlan
from lstmgen.media.writing import Encoded, Prompt, Spelled
from lstmgen.options import check_known
from lstmgen.setting_values import NONE
from lstmgen.wording import counted

DEFAULT_LENGTH: Final = 500
"""Tokens of a sample where nothing else is asked for."""
MAX_DOCUMENT: Final = 10_000
"""Tokens after which a document is cut that has not ended by itself, where nothing else is asked for."""
_MATCHES: Final = {"char": "3,6", "byte": "3,6", "bpe": "2"}
"""By how many of the last tokens new networks are told what followed; by none of other tokenizers."""
_DOCUMENTS_SHOWN: Final = 8
_MAX_SHOWN: Final = 12
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_BITS: Final = 1 / math.log(2)


@final
class TextMedium:
    """What `media.base.Medium` asks, answered for text. An item is a `str`."""

    name: ClassVar = "text"
    label: ClassVar = label_of("text")
    suffix: ClassVar = ".txt"
    worth: ClassVar = 1.0
    figures: ClassVar = (
        Figure(name="chars", unit="chars", heading="chars", form=",d"),
        Figure(name="nats_per_char", unit="chars", heading="nats/char", form=".4f", per=1.0),
        Figure(name="bits_per_char", unit="chars", heading="bits/char", form=".4f", per=_BITS),
        Figure(name="bytes", unit="bytes", heading="", form=",d"),
        Figure(name="bits_per_byte", unit="bytes", heading="bits/byte", form=".4f", per=_BITS),
    )
    rows: ClassVar = RowStyle(
        key="lines", plural="lines", per="chars", columns=(("line", "line", ",d"),), token_place=("line", "line", "line")
    )
    symbol_name: ClassVar = "words"
    symbol_offset: ClassVar = 0
    slow_tokenizers: ClassVar = tokenizers.SLOW_TO_BUILD
    features: ClassVar = features.FEATURES

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins like this can be UTF-8 text."""
        try:
            require_text(head, "")
        except RefusedError:
            return False
        return True

    def manner(self, data: DataConfig) -> Manner:
        """Files are one stream; the documents that they are divided into are read apart, and their ends count."""
        division = Division.of(data)
        several = division.divides
        return Manner(apart=several, ends=several, levelled=several, between=division.between, phrase=division.phrase)

    def glimpse(self, data: DataConfig) -> dict[str, Any]:
        """A stretch of text, or some documents."""
        return {"num_samples": _DOCUMENTS_SHOWN} if Division.of(data).divides else {"ignore_end": True}

    def gather(self, found: Found, data: DataConfig, access: Access) -> TextMaterial:
        """The documents that were found. Raises CorpusError: one that was named cannot be used, or there is none."""

        def read(files: tuple[Candidate, ...]) -> Corpus:
            progress = access.stage("reading")
            how = {"errors": data.errors, "keep_newlines": data.keep_newlines, "encoding": data.encoding, "division": division}
            return gather(files, **how, progress=progress, cache=access.cache)

        division = Division.of(data)
        corpus, val = read(found.sources), None if found.val is None else read(found.val)
        return TextMaterial(corpus=corpus, val=val, val_frac=data.val_frac)

    def survey(self, material: TextMaterial) -> dict[str, Any]:
        """Counts, the most frequent characters, and what was noticed."""
        corpus, counts = material.corpus, material.corpus.character_counts()
        return {
            "documents": corpus.num_documents,
            "chars": corpus.chars,
            "bytes": corpus.bytes,
            "distinct_chars": len(counts),
            "most_common": sorted(counts, key=lambda character: -counts[character])[:_MAX_SHOWN],
            "notes": [f"{file.name}: {note}" for file in corpus.files for note in file.notes],
            "skipped": [f"{name}: {reason}" for name, reason in corpus.skipped],
            "sha256": corpus.sha256,
        }

    def build(self, wanted: TokenizerConfig, material: TextMaterial) -> TextTokenizer:
        """The tokenizer that the settings ask for, learned from the training part."""
        return tokenizers.build(
            wanted.name or tokenizers.NAMES[0],
            material.training_part,
            vocab_size=wanted.vocab_size,
            alphabet=material.character_counts(),
        )

    def extended(self, tokenizer: TextTokenizer, material: TextMaterial) -> TextTokenizer:
        """The same tokenizer, with ids added for symbols that it has never seen, where it is one that needs them."""
        if tokenizer.covers_everything:
            return tokenizer
        extend = getattr(tokenizer, "extended", None)
        if extend is None:
            raise ModelFileError(
                f"the model's {tokenizer.name} tokenizer cannot take new symbols", remedy="train a new model: lstmgen train SOURCE"
            )
        return extend(sorted(material.character_counts()))

    def from_json(self, values: Mapping[str, Any]) -> TextTokenizer:
        """The tokenizer that its `to_json` described."""
        return tokenizers.from_json(values)

    def describe(self, tokenizer: TextTokenizer) -> dict[str, Any]:
        """Whether every text can be expressed."""
        return {"covers_everything": tokenizer.covers_everything}

    def clock(self, tokenizer: TextTokenizer) -> Clock | None:
        """None: text implies no cycle."""
        del tokenizer

    def legal(self, tokenizer: TextTokenizer) -> None:
        """A text has no grammar."""
        del tokenizer

    def settings(self, tokenizer: TextTokenizer, *, tokens: int | None, passes: float) -> Mapping[str, Any]:
        """To be told what followed the last tokens before."""
        del tokens, passes
        return {"model.matches": _MATCHES.get(tokenizer.name, NONE)}

    def line_ends(self, tokenizer: TextTokenizer) -> NDArray[np.bool_]:
        """Those whose last byte is a line feed."""
        return np.array([entry.endswith(b"\n") for entry in tokenizer.entries()])

    def told(self, tokenizer: TextTokenizer) -> None:
        """None: all of a text is learned."""
        del tokenizer

    def usual(self, tokenizer: TextTokenizer) -> Mapping[str, float]:
        """Below 1: safer than what was learned."""
        del tokenizer
        return {"temperature": USUAL_TEMPERATURE}

    def augmentation(self, tokenizer: TextTokenizer, data: DataConfig) -> Augment | None:
        """None: text is learned as it stands."""
        del tokenizer, data

    def tidy(self, item: str, data: DataConfig) -> str:
        """A text with line ends as they are learned."""
        return item if data.keep_newlines or "\r" not in item else item.replace("\r\n", "\n").replace("\r", "\n")

    def parse(self, thing: str | bytes | Path) -> str:
        """A text, the bytes of one, or the text of the file at a path; never with a byte order mark."""
        match thing:
            case str():
                return thing.removeprefix("\ufeff")
            case bytes():
                return decode_text(thing, what="the text")
            case Path():
                try:
                    return decode_text(thing.read_bytes(), what="the text", name=thing.as_posix())
                except OSError as error:
                    raise InputError(
                        f"the text cannot be read from {thing}: {error.strerror}", remedy="give the path of a file that can be read"
                    ) from error
            case _:
                raise UsageError(f"a text is expected, found {type(thing).__name__}", remedy="give a str, its bytes, or a path")

    def encode(self, tokenizer: TextTokenizer, item: str, options: Mapping[str, Any]) -> Encoded:
        """A text to be scored; symbols that are left out do not count."""
        return _encoded(tokenizer, item, oov=options.get("oov", "error"), what="the text")

    def decode(self, tokenizer: TextTokenizer, ids: Ids) -> str:
        """The text of ids."""
        return tokenizer.decode(ids)

    def measure(self, tokenizer: TextTokenizer, ids: Ids, item: str) -> dict[str, Amount]:
        """Characters, and bytes of UTF-8; the end of a document, where it counts, is one of them."""
        del tokenizer
        end = _ends(ids) * END_OF_DOCUMENT
        return {"chars": Amount(len(item) + end), "bytes": Amount(utf8_bytes(item) + end)}

    def places(
        self, tokenizer: TextTokenizer, ids: Ids, item: str, *, number: int, first: int
    ) -> tuple[NDArray[np.int64], list[dict[str, Any]]]:
        """The line in which the first character of each token stands, and every line. A line ends at a line feed or with its text."""
        del number
        lines = _LINE.findall(item) or [""]
        decoder = tokenizer.decoder()
        feeds = [decoder.push(token).count("\n") for token in ids.tolist()]
        # Bytes that begin a character after the last line feed, and never end it, belong to the last line.
        row_T = np.minimum(np.cumsum([0, *feeds[:-1]])[: len(ids)], len(lines) - 1)
        facts = [{"line": place, "text": line.rstrip("\n"), "chars": len(line)} for place, line in enumerate(lines, first + 1)]
        facts[-1]["chars"] += _ends(ids) * END_OF_DOCUMENT
        return row_T.astype(np.int64), facts

    def readable(self, tokenizer: TextTokenizer, ids: Ids) -> list[str]:
        """The text that each token completes."""
        return features.readable(tokenizer, ids)

    def follow(self, tokenizer: TextTokenizer, ids: Ids, item: str, feature: str) -> tuple[Feature, NDArray[np.float64]]:
        """A feature at the last character of each token."""
        del item
        return features.follow(tokenizer, ids, feature)

    def symbols(self, item: str) -> Symbols:
        """Its words."""
        return symbols_of_text(item)

    def statistics(self, tokenizer: TextTokenizer) -> tuple[Statistic, ...]:
        """None: of text nothing of the kind is counted."""
        del tokenizer
        return ()

    def extent(self, tokenizer: TextTokenizer, item: str) -> Extent:
        """Characters."""
        del tokenizer
        return Extent(len(item), "character")

    def count(self, item: str, seen: Extent | None = None) -> Counts:
        """Nothing."""
        del item, seen
        return {}

    def parse_prompt(self, tokenizer: TextTokenizer, prompt: Any, options: Mapping[str, Any], data: DataConfig) -> Prompt:
        """What a text continues, normalised as the sources were, and not altered whatever the model makes of its unseen symbols.

        Of a model of lines, line ends around it are no part of it, as they are none of its documents.
        """
        text = "" if prompt is None else self.tidy(self.parse(prompt), data)
        if data.documents == "line":
            text = text.strip("\r\n")
        encoded = _encoded(tokenizer, text, oov=options.get("oov", "error"), what="the prompt")
        return Prompt(item=text, ids=encoded.ids, notes=encoded.notes, shown=text)

    def spelled(self, tokenizer: TextTokenizer, prompt: Prompt) -> Spelled:
        """The prompt as the model knows it, up to its last word."""
        return last_word(tokenizer, prompt.ids)

    def gapped(self, tokenizer: TextTokenizer, item: str, options: Mapping[str, Any], data: DataConfig) -> GappedText:
        """A text with gaps where a mark stands, or where places say."""
        check_known(options, (option.name for option in INFILL_OPTIONS))
        oov = _oov(options)

        def known(text: str) -> tuple[Ids, tuple[str, ...]]:
            encoded = _encoded(tokenizer, self.tidy(text, data), oov=oov, what="the text")
            return encoded.ids, encoded.notes

        return GappedText(tokenizer, item, options, data, known)

    def cut(self, tokenizer: TextTokenizer, ids: Ids, begin: int, end: int, *, most: int) -> TextGap:
        """A gap in place of some ids, as long as their text."""
        return TextGap.of(tokenizer, ids[:begin], ids[begin:end], ids[end : end + most])

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Refuses an unknown option or policy, and stop texts that are empty or too long."""
        check_known(options, (option.name for option in SAMPLE_OPTIONS))
        StopScanner(_as_stops(options.get("stop", ())))
        _oov(options)

    def corrections(self, tokenizer: TextTokenizer, parts: Sequence[Iterable[Ids]], expect: Expect) -> None:
        """Texts are drawn as they are expected."""
        del tokenizer, parts, expect

    def plan(
        self,
        tokenizer: TextTokenizer,
        prompt: Prompt,
        options: Mapping[str, Any],
        *,
        length: int | None,
        echo: bool,
        data: DataConfig,
        corrections: Mapping[str, Any] | None = None,
    ) -> TextPlan:
        """What every text of a request keeps to; a result never holds the prompt, whatever `echo` says."""
        del prompt, echo, corrections
        ignore_end = bool(options.get("ignore_end", False))
        whole = Division.of(data).divides and not ignore_end
        usual = None if whole else DEFAULT_LENGTH
        return TextPlan(
            tokenizer,
            usual if length is None else None if length < 0 else length,
            stops=_as_stops(options.get("stop", ())),
            ignore_end=ignore_end,
            most=MAX_DOCUMENT if whole and length is None else None,
            whole=whole,
        )

    def to_bytes(self, item: str) -> bytes:
        """The text in UTF-8; byte escapes become the bytes that they stand for, other surrogates a question mark."""
        return without_strays(item).encode("utf-8", "surrogateescape")

    def save(self, item: str, path: Path, *, title: str = "") -> None:
        """Writes a text file, whatever its ending."""
        del title
        storage.atomic_write(path, self.to_bytes(item))

    def show(self, item: str, *, width: int, height: int | None = None, colour: bool = False) -> str:
        """The text itself."""
        del width, height, colour
        return item


MEDIUM: Final = TextMedium()


def _ends(ids: Ids) -> bool:
    """Whether the end of the text is among its ids."""
    return len(ids) > 0 and int(ids[-1]) == BOUNDARY_ID


def _oov(options: Mapping[str, Any]) -> OovPolicy:
    """What is done with unseen symbols. Raises UsageError: there is no such policy."""
    policy = options.get("oov", "error")
    if policy not in get_args(OovPolicy):
        raise UsageError(f"--oov: expected one of {', '.join(get_args(OovPolicy))}, found {policy!r}", remedy="--oov error")
    return policy


def _as_stops(stop: str | Sequence[str]) -> tuple[str, ...]:
    return (stop,) if isinstance(stop, str) else tuple(stop)


def _encoded(tokenizer: TextTokenizer, text: str, *, oov: OovPolicy, what: str) -> Encoded:
    """The ids of a text that a user gave, and notes on the symbols that the model has never seen.

    Raises:
        UnseenSymbolError: there are unseen symbols and the policy is `error`.
        InputError: the text is too long.
    """
    if len(text) > limits.MAX_PROMPT_CHARS:
        raise InputError(
            f"{what} has {counted(len(text), 'character')}, at most {limits.MAX_PROMPT_CHARS:,} are read", remedy="give a shorter text"
        )
    ids = tokenizer.encode(text, oov=oov)
    unseen = () if oov == "error" or tokenizer.covers_everything else tokenizer.unseen(text)
    if not unseen:
        return Encoded(item=text, ids=ids)
    shown = ", ".join(f"'{printable(symbol)}'" for symbol in unseen[:_MAX_SHOWN])
    more = f" and {len(unseen) - _MAX_SHOWN} more" if len(unseen) > _MAX_SHOWN else ""
    done = "left out" if oov == "skip" else "replaced by one that it knows"
    note = f"symbols of {what} that the model has never seen were {done}: {shown}{more}"
    return Encoded(item=tokenizer.decode(ids) if oov == "skip" else text, ids=ids, notes=(note,))
