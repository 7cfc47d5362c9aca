"""A tune from whatever a caller may have of it: a score, the content of a MIDI file, its path, or notes that are typed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from lstmgen.errors import InputError, UsageError
from lstmgen.music.midi.reader import MidiError, Reading, read_midi
from lstmgen.music.score import Score
from lstmgen.music.typed import parse_tune

SUFFIXES: Final = (".mid", ".midi")
_TYPED_OR_FILE: Final = 'give notes such as "C4 E4 G4:2", or the path of a MIDI file'


def reading_of(thing: Score | bytes | str | Path) -> Reading:
    """A score, and what was wrong with the file that holds it."""
    if isinstance(thing, Score):
        return Reading(thing, ())
    if isinstance(thing, bytes):
        return read_midi(thing)
    if not isinstance(thing, (str, Path)):
        raise UsageError(f"a tune is expected, found {type(thing).__name__}", remedy=f"{_TYPED_OR_FILE}, its bytes, or a score")
    if isinstance(thing, str) and not names_a_file(thing):
        try:
            return Reading(parse_tune(thing), ())
        except UsageError as error:
            raise UsageError(error.message, remedy=_TYPED_OR_FILE) from error
    try:
        return read_midi(Path(thing).read_bytes())
    except OSError as error:
        raise InputError(f"the tune cannot be read from {thing}: {error.strerror}", remedy=_TYPED_OR_FILE) from error
    except MidiError as error:
        raise InputError(f"{thing}: {error.message}", remedy=_TYPED_OR_FILE) from error


def names_a_file(text: str) -> bool:
    """Whether a text is the name of a file rather than notes."""
    if text.lower().endswith(SUFFIXES):
        return True
    with contextlib.suppress(OSError, ValueError):
        return Path(text).is_file()
    return False
