"""Text or scores to ids and back.

`build` learns a tokenizer from texts, `build_for_scores` fits one to scores, `from_json` takes one out of a model file.

=========  ==========================================  =====================================================
name       one id for each                             text without an id
=========  ==========================================  =====================================================
`char`     character of the corpus                     a character that the corpus does not hold
`byte`     byte of UTF-8                               none
`word`     frequent word; rare ones are spelled        none
`bpe`      piece that sentencepiece joined from pairs  none
`unigram`  piece that sentencepiece found likely       none
=========  ==========================================  =====================================================

All of these are lossless: what encodes comes back as it was.

=============  ==========================================================  ===============================================
name           one id for each                                             what it leaves out of a score
=============  ==========================================================  ===============================================
`notes`        bar, position or time, pitch, velocity, length, program...  what its steps cannot tell apart
`performance`  key down, key up, time that passes, velocity                drums, instruments, tempo, meter
`grid`         voice, or sounding pitch, of every step                     the same, velocity, and what is between the steps
=============  ==========================================================  ===============================================
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, get_args

from lstmgen import limits
from lstmgen.choices import GridForm, OovPolicy, PieceModel, TimeBase
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media import checks
from lstmgen.media.base import AnyTokenizer, ScoreTokenizer, StreamDecoder, Tokenizer, Vocabulary
from lstmgen.media.text.byte import ByteTokenizer
from lstmgen.media.text.char import CharTokenizer
from lstmgen.media.text.pieces import PieceTokenizer
from lstmgen.media.text.sampling import Texts, count_characters
from lstmgen.media.text.symbols import has_byte_escapes, printable
from lstmgen.media.text.word import WordTokenizer
from lstmgen.media.tunes.grid.options import best_cycle_beats, best_steps_per_beat, best_voices
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.music.score import Score

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = [
    "NAMES",
    "SCORE_NAMES",
    "TEXT_NAMES",
    "AnyTokenizer",
    "ByteTokenizer",
    "CharTokenizer",
    "GridForm",
    "GridTokenizer",
    "OovPolicy",
    "PerformanceTokenizer",
    "PieceTokenizer",
    "ScoreTokenizer",
    "StreamDecoder",
    "Texts",
    "Tokenizer",
    "WordTokenizer",
    "build",
    "build_for_scores",
    "fingerprint",
    "from_json",
    "of_scores",
    "printable",
]


def _notes_from_json(values: Mapping[str, Any]) -> ScoreTokenizer:
    from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer

    return NotesTokenizer.from_json(values)


_TEXT_READERS: Final[dict[str, Callable[[Mapping[str, Any]], Tokenizer]]] = {
    "char": CharTokenizer.from_json,
    "byte": ByteTokenizer.from_json,
    "word": WordTokenizer.from_json,
    "bpe": PieceTokenizer.from_json,
    "unigram": PieceTokenizer.from_json,
}
_SCORE_READERS: Final[dict[str, Callable[[Mapping[str, Any]], ScoreTokenizer]]] = {
    "notes": _notes_from_json,
    "performance": PerformanceTokenizer.from_json,
    "grid": GridTokenizer.from_json,
}

TEXT_NAMES: Final = tuple(_TEXT_READERS)
"""Every tokenizer of text, the default first."""
SCORE_NAMES: Final = tuple(_SCORE_READERS)
"""Every tokenizer of scores, the default first."""
NAMES: Final = (*TEXT_NAMES, *SCORE_NAMES)
"""Every tokenizer there is, those of text first."""


_SCORE_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "notes": ("time_base", "steps_per_beat"),
    "performance": (),
    "grid": ("steps_per_beat", "grid_form", "voices", "hold"),
}
"""Which options of `build_for_scores` apply to which tokenizer."""


def of_scores(tokenizer: AnyTokenizer) -> TypeIs[ScoreTokenizer]:
    """Whether a tokenizer is one of scores; else it is one of text."""
    return tokenizer.name in SCORE_NAMES


def build(name: str, texts: Texts, *, vocab_size: int | None = None, alphabet: Mapping[str, int] | None = None) -> Tokenizer:
    """The tokenizer that a corpus of text gives.

    Args:
        name: one of `TEXT_NAMES`.
        texts: returns a fresh iterator over chunks of text, cut anywhere; None and "" are passed over. Called once or twice.
        vocab_size: most ids that `word`, `bpe` and `unigram` may use; None fits it to the corpus.
        alphabet: how often each character occurs in the corpus, where that is known; saves one reading.

    Raises:
        UsageError: there is no such tokenizer of text, or `vocab_size` does not apply to it or is out of range.
        CorpusError: the corpus holds no text.
    """
    _check_name(name, TEXT_NAMES, needs="MIDI, and the source holds text")
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


def build_for_scores(
    name: str,
    scores: Sequence[Score],
    *,
    time_base: TimeBase | None = None,
    steps_per_beat: int | None = None,
    grid_form: GridForm | None = None,
    voices: int | None = None,
    hold: bool | None = None,
) -> ScoreTokenizer:
    """The tokenizer that fits some scores.

    Args:
        name: one of `SCORE_NAMES`.
        scores: what it is to be fitted to.
        time_base: of `notes`: `beats` or `seconds`; None: what fits the scores, and beats where `steps_per_beat` is given.
        steps_per_beat: of `notes` in beats and of `grid`: how fine time is; None: what fits the scores.
        grid_form: of `grid`: `voices` or `chords`; None: voices.
        voices: of `grid` in voices: how many; None: the largest number that is usual among the scores, 1 to 8.
        hold: of `grid`: whether held notes and repeated ones are told apart; None: yes.

    Raises:
        UsageError: there is no such tokenizer of scores, or an option does not apply to it or is out of range.
    """
    _check_name(name, SCORE_NAMES, needs="text, and the source holds MIDI")
    given = {"time_base": time_base, "steps_per_beat": steps_per_beat, "grid_form": grid_form, "voices": voices, "hold": hold}
    for option, value in given.items():
        if value is not None and option not in _SCORE_OPTIONS[name]:
            owners = [owner for owner in SCORE_NAMES if option in _SCORE_OPTIONS[owner]]
            raise _inapplicable(option, f"the {name} tokenizer", instead=f"--tokenizer {' or '.join(owners)}")
    if name == "performance":
        return PerformanceTokenizer()
    if name == "notes":
        return _notes_for(scores, time_base=time_base, steps_per_beat=steps_per_beat)
    steps = best_steps_per_beat(scores) if steps_per_beat is None else steps_per_beat
    if grid_form == "chords" and voices is not None:
        raise _inapplicable("voices", "the grid of chords", instead="--grid-form voices")
    grid = GridTokenizer(steps, grid_form or "voices", hold=hold is None or hold, cycle_beats=best_cycle_beats(scores))
    if grid.form == "chords":
        return grid
    return replace(grid, voices=best_voices(scores, steps_per_beat=steps) if voices is None else voices)


def _notes_for(scores: Sequence[Score], *, time_base: TimeBase | None, steps_per_beat: int | None) -> ScoreTokenizer:
    from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer, best_options

    if time_base == "seconds":
        if steps_per_beat is not None:
            raise _inapplicable("steps_per_beat", "notes in seconds", instead="--time-base beats")
        return NotesTokenizer("seconds")
    if time_base is None and steps_per_beat is None:
        return NotesTokenizer(**best_options(scores))
    # Whoever says how fine a beat is to be wants beats.
    return NotesTokenizer("beats", best_options(scores)["steps_per_beat"] if steps_per_beat is None else steps_per_beat)


def _check_name(name: str, expected: tuple[str, ...], *, needs: str) -> None:
    if name in expected:
        return
    remedy = f"--tokenizer {expected[0]}"
    if name in NAMES:
        raise UsageError(f"the {name} tokenizer needs {needs}; expected one of {', '.join(expected)}", remedy=remedy)
    raise UsageError(f"there is no tokenizer {name!r}, expected one of {', '.join(expected)}", remedy=remedy)


def _inapplicable(option: str, owner: str, *, instead: str) -> UsageError:
    flag = "--" + option.replace("_", "-")
    return UsageError(f"{flag} does not apply to {owner}", remedy=f"leave {flag} out, or choose {instead}")


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


def from_json(values: Any) -> AnyTokenizer:
    """The tokenizer that its `to_json` described; nothing in `values` is trusted.

    Raises:
        ModelFileError: `values` is not what `to_json` gives.
    """
    if not isinstance(values, Mapping):
        checks.refuse(f"found {type(values).__name__}, expected a table")
    name, version = values.get("name"), values.get("version")
    if not isinstance(name, str) or name not in NAMES:
        checks.refuse(f"its name is {ascii(name)[:40]}, expected one of {', '.join(NAMES)}")
    if type(version) is not int or version != checks.VERSION:
        checks.refuse(f"its version is {ascii(version)[:40]}, expected {checks.VERSION}")
    return _SCORE_READERS[name](values) if name in SCORE_NAMES else _TEXT_READERS[name](values)


def fingerprint(tokenizer: Vocabulary) -> str:
    """The sha256 of a tokenizer's JSON in its one canonical form; equal where the tokenizers are."""
    canonical = json.dumps(tokenizer.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
