"""Corpora that the package music21 brings: converted to MIDI once, then kept in the cache.

    music21's files ─► its parsers ─► music21_streams.py ─► Score ─► cache/corpora/NAME/*.mid, collection.json

A collection is built in a folder of its own and renamed when it is whole: what lies under its name is complete, and says of which version
it is. This is the only file that imports music21.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import io
import json
import re
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lstmgen import limits, storage, strict_json
from lstmgen.errors import CorpusError, MissingExtraError
from lstmgen.opening import open_regular
from lstmgen.wording import counted

if TYPE_CHECKING:
    from lstmgen.music.score import Score

FORMAT_VERSION: Final = 1
"""Raised whenever the conversion gives other files."""
INSTALL: Final = "pip install 'lstmgen[corpora]'"
_STAMP: Final = "collection.json"
_VOICES: Final = ("soprano", "alto", "tenor", "bass")
_CHOIR: Final = 52
_VIOLIN: Final = 40
_TUNE_START: Final = re.compile(r"(?m)^(?=X:)")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Collection:
    """One corpus made from music21's.

    Attributes:
        folders: of music21's corpus.
        suffixes: the files that are read.
        four_voices: take soprano, alto, tenor and bass, and leave out what has not just these.
        program: General MIDI program of the parts.
        description: for the list of corpora.
        licence: what music21 says about these files.
    """

    folders: tuple[str, ...]
    suffixes: tuple[str, ...]
    four_voices: bool
    program: int
    description: str
    licence: str


_LICENCE: Final = "public domain; encodings by permission, see music21/corpus/license.txt"

COLLECTIONS: Final = {
    "bach-chorales": Collection(
        folders=("bach",),
        suffixes=(".mxl", ".xml"),
        four_voices=True,
        program=_CHOIR,
        description="The four-part chorales of J. S. Bach that music21 carries, about 400, a track for each voice",
        licence=_LICENCE,
    ),
    # Essen's folk songs stay out: their licence.txt calls their legal status unclear and allows non-commercial use only.
    "folk-tunes": Collection(
        folders=("airdsAirs", "miscFolk", "nottingham-dataset", "oneills1850", "ryansMammoth"),
        suffixes=(".abc",),
        four_voices=False,
        program=_VIOLIN,
        description="Jigs, reels, hornpipes and airs from the collections of Aird, O'Neill, Ryan and others, about 4,300, melodies only",
        licence=_LICENCE,
    ),
}
NAMES: Final = tuple(COLLECTIONS)


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What a converted collection says of itself.

    Attributes:
        music21: the version of music21 that it was made with.
        files: how many MIDI files there are.
        total_bytes: their length together.
        skipped: names and reasons of what was left out.
    """

    music21: str
    files: int
    total_bytes: int
    skipped: tuple[tuple[str, str], ...]


def is_installed() -> bool:
    """Whether music21 can be imported; does not import it."""
    try:
        return importlib.util.find_spec("music21") is not None
    except ValueError:
        return False


def folder_of(name: str, cache: Path) -> Path:
    """Where a collection lies once it has been made."""
    return cache / "corpora" / name


def stamp_of(name: str, cache: Path | None) -> Stamp | None:
    """What has been made of a collection; None where nothing has, or something that is damaged or of another version."""
    if cache is None:
        return None
    folder = folder_of(name, cache)
    try:
        with open_regular(folder / _STAMP) as stream:
            values = strict_json.loads(stream.read(limits.MAX_DOCUMENT_BYTES))
        stamp = Stamp(
            music21=str(values["music21"]),
            files=int(values["files"]),
            total_bytes=int(values["total_bytes"]),
            skipped=tuple((str(what), str(reason)) for what, reason in values["skipped"]),
        )
        sizes = [path.stat().st_size for path in files_of(name, cache)]
        right = values["version"] == FORMAT_VERSION and stamp.files == len(sizes) and stamp.total_bytes == sum(sizes)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return stamp if right else None


def files_of(name: str, cache: Path) -> tuple[Path, ...]:
    """The MIDI files of a collection that has been made, sorted."""
    return tuple(sorted(folder_of(name, cache).glob("*.mid")))


def make(name: str, cache: Path, *, progress: Progress | None = None) -> Path:
    """Convert a collection, unless it is there already, and return its folder.

    Args:
        name: one of `NAMES`.
        cache: the collection goes to `cache/corpora/NAME/`; it appears there only when it is complete.
        progress: called with (pieces read, pieces in all).

    Raises:
        MissingExtraError: music21 is not installed.
        CorpusError: this music21 comes without these files, or none of them can be read.
        InUseError: another process is converting it.
        MachineError: the cache cannot be written.
    """
    target = folder_of(name, cache)
    if stamp_of(name, cache) is not None:
        return target
    package = _package()
    storage.make_folder(target.parent)
    building = target.parent / f".{name}.building"
    with storage.FolderLock(target.parent, name=f".{name}.lock"):
        if stamp_of(name, cache) is not None:
            return target
        try:
            shutil.rmtree(building, ignore_errors=True)
            storage.make_folder(building)
            _convert(COLLECTIONS[name], package, building, progress)
            storage.replace_folder(building, target)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return target


def _package() -> Any:
    if not is_installed():
        raise MissingExtraError("this corpus is made by the package music21, which is not installed", remedy=INSTALL)
    try:
        for module in ("music21.converter", "music21.corpus"):
            importlib.import_module(module)
        return importlib.import_module("music21")
    except ImportError as error:
        raise MissingExtraError(f"the package music21 is installed, but cannot be imported: {error}", remedy=INSTALL) from error


@dataclass(frozen=True, kw_only=True)
class _Source:
    """One piece in music21's corpus: a whole file, or a tune of a file of ABC."""

    label: str
    path: Path
    text: str | None = None


def _convert(collection: Collection, package: Any, folder: Path, progress: Progress | None) -> None:
    """Write every piece, and at last the stamp."""
    from lstmgen.music.midi.writer import to_midi_bytes

    sources = _sources(collection, Path(package.__file__).parent / "corpus")
    seen: dict[str, str] = {}
    skipped: list[tuple[str, str]] = []
    total_bytes = 0
    for place, source in enumerate(sources):
        if progress is not None:
            progress(place, len(sources))
        score, reason = _read(collection, package, source)
        if score is None:
            skipped.append((source.label, reason))
            continue
        twin = seen.setdefault(_sound(score), source.label)
        if twin != source.label:
            skipped.append((source.label, f"the same notes as {twin}"))
            continue
        content = to_midi_bytes(score)
        storage.atomic_write(folder / f"{source.label}.mid", content)
        total_bytes += len(content)
    if not seen:
        raise CorpusError(
            f"of {counted(len(sources), 'piece')} none could be converted ({skipped[0][0]}: {skipped[0][1]})",
            remedy=f"install music21 again: {INSTALL} --upgrade",
        )
    values = {
        "version": FORMAT_VERSION,
        "music21": str(package.__version__),
        "files": len(seen),
        "total_bytes": total_bytes,
        "skipped": skipped,
    }
    storage.atomic_write(folder / _STAMP, json.dumps(values, indent=1).encode())
    if progress is not None:
        progress(len(sources), len(sources))


def _sound(score: Score) -> str:
    """The hash of a piece's notes, whatever it is called: the same piece twice would be learned from and tested on."""
    columns = (score.notes.start_ticks, score.notes.end_ticks, score.notes.pitch, score.notes.track)
    return hashlib.sha256(b"".join(column.tobytes() for column in columns)).hexdigest()


def _sources(collection: Collection, corpus: Path) -> list[_Source]:
    """Every piece of the collection's folders, in the order of their names."""
    found = list(_found(collection, corpus))
    if not found:
        wanted = ", ".join(collection.folders)
        raise CorpusError(
            f"this installation of music21 comes without its corpus: nothing in {wanted} below {corpus}", remedy=f"{INSTALL} --upgrade"
        )
    return found


def _found(collection: Collection, corpus: Path) -> Iterator[_Source]:
    for folder in collection.folders:
        for path in sorted((corpus / folder).glob("*")):
            if path.suffix not in collection.suffixes or path.stat().st_size > limits.MAX_MUSIC21_FILE_BYTES:
                continue
            if path.suffix != ".abc":
                yield _Source(label=path.stem, path=path)
                continue
            tunes = [tune for tune in _TUNE_START.split(path.read_text(encoding="utf-8", errors="replace")) if tune.startswith("X:")]
            for number, tune in enumerate(tunes, start=1):
                ending = f"-{number:03d}" if len(tunes) > 1 else ""
                yield _Source(label=f"{folder}-{path.stem}{ending}", path=path, text=tune)


def _read(collection: Collection, package: Any, source: _Source) -> tuple[Score | None, str]:
    """The score of one piece, or None and why there is none."""
    from lstmgen.corpus.music21_streams import score_of

    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stream = _parsed(package, source)
            parts = _four_voices(stream.parts) if collection.four_voices else list(stream.parts)
            if not parts:
                return None, "not in four voices" if collection.four_voices else "no parts"
            brackets = list(stream.recurse().getElementsByClass("RepeatBracket"))
            score = score_of(parts, brackets, program=collection.program, names=_names(collection, stream, parts))
    except Exception as error:  # whatever another package's parser raises, one piece does not end the whole
        return None, f"music21 cannot read it: {type(error).__name__}"
    return (score, "") if len(score.notes) else (None, "no notes")


def _parsed(package: Any, source: _Source) -> Any:
    """By music21's parser, past its own cache of pickles."""
    if source.text is not None:
        return package.converter.parse(source.text, format="abc", forceSource=True, storePickle=False)
    return package.converter.parse(source.path, forceSource=True, storePickle=False)


def _four_voices(parts: Sequence[Any]) -> list[Any]:
    """Soprano, alto, tenor and bass by their names; else all parts where there are just four; else none."""
    by_voice = {voice: [part for part in parts if str(part.partName).lower().startswith(voice)] for voice in _VOICES}
    if all(len(named) == 1 for named in by_voice.values()):
        return [by_voice[voice][0] for voice in _VOICES]
    return list(parts) if len(parts) == len(_VOICES) else []


def _names(collection: Collection, stream: Any, parts: Sequence[Any]) -> list[str]:
    if collection.four_voices:
        return [voice.capitalize() for voice in _VOICES]
    title = getattr(stream.metadata, "title", None) if stream.metadata is not None else None
    return [str(title or "Melody")] * len(parts)
