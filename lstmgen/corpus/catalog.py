"""Corpora by name, of text or of music: bundled with the program, found on this machine, made from an installed package, or downloaded.

Nothing here touches the network but `get`, and that only for a download that is not there yet. Nothing but `get` converts what a package
brings.
"""

from __future__ import annotations

import difflib
import importlib.resources
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

from lstmgen import storage
from lstmgen.corpus import machine, music21_corpus
from lstmgen.errors import CorpusError

Kind = Literal["bundled", "machine", "package", "download"]
Content = Literal["text", "music"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One corpus that can be named as a source."""

    name: str
    kind: Kind
    description: str
    licence: str
    location: str
    """The folder, the package that it is made from, or the address that it is downloaded from."""
    size_bytes: int | None
    """None where that is known only once it has been made."""
    sha256: str | None = None
    """Of a download."""
    content: Content = "text"
    """What its files are."""


DOWNLOADS: Final = (
    Entry(
        name="tinyshakespeare",
        kind="download",
        description="Parts of Shakespeare's plays in one file; the usual yardstick of small character models",
        licence="public domain",
        location="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        size_bytes=1_115_394,
        sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
)
_PYTHON_SOURCE: Final = "python-source"
_PYTHON_DOCS: Final = "python-docs"
_ENDINGS: Final[Mapping[Content, str]] = {"text": ".txt", "music": ".mid"}


def names() -> tuple[str, ...]:
    """The names of all corpora; cheap."""
    return tuple(_entries())


def entries(cache: Path | None = None) -> tuple[Entry, ...]:
    """All corpora: bundled ones, those of this machine, those of packages, downloadable ones.

    Args:
        cache: knows the size of what has been converted.
    """
    return tuple(describe() for describe in _entries(cache).values())


def find(name: str, cache: Path | None = None) -> Entry:
    """The corpus of that name.

    Args:
        name: of the corpus.
        cache: knows the size of what has been converted.

    Raises:
        CorpusError: there is none; the nearest name is suggested.
    """
    known = _entries(cache)
    if name in known:
        return known[name]()
    nearest = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean {nearest[0]}?" if nearest else "lstmgen corpora lists them"
    raise CorpusError(f"no corpus is called {name!r}", remedy=remedy)


def _entries(cache: Path | None = None) -> dict[str, Callable[[], Entry]]:
    """What makes the entry of each corpus: some take a while, because they add up sizes."""
    return {
        **{name: partial(_bundled_entry, name, folder) for name, folder in _bundled().items()},
        _PYTHON_SOURCE: _source_entry,
        _PYTHON_DOCS: _docs_entry,
        **{name: partial(_package_entry, name, cache) for name in music21_corpus.NAMES},
        **{entry.name: partial(replace, entry) for entry in DOWNLOADS},
    }


def is_available(name: str, cache: Path | None) -> bool:
    """Whether a corpus can be read without being downloaded or converted.

    Raises:
        CorpusError: there is none of that name.
    """
    entry = find(name)
    if entry.kind == "package":
        return music21_corpus.stamp_of(name, cache) is not None
    return entry.kind != "download" or _downloaded(entry, cache) is not None


def how_to_get(entry: Entry) -> str:
    """The command that makes a corpus available, or that installs the package which is needed for it."""
    missing = entry.kind == "package" and not music21_corpus.is_installed()
    return music21_corpus.INSTALL if missing else f"lstmgen corpora get {entry.name}"


def documents_of(name: str, cache: Path | None) -> tuple[tuple[str, Path], ...]:
    """The files of a corpus, each with the name of its document, in reading order.

    Args:
        name: of the corpus.
        cache: the folder of downloads and of what is made on this machine; None: there is none.

    Raises:
        CorpusError: there is no such corpus; it has to be downloaded or converted first; or this machine does not have it.
        MachineError: it has to be made, and the cache cannot be written.
    """
    bundled = _bundled().get(name)
    if bundled is not None:
        return _named_below(name, bundled, _files(bundled))
    if name == _PYTHON_SOURCE:
        root = machine.standard_library()
        files = machine.source_files(root)
        if not files:
            raise CorpusError(
                f"this Python comes without its sources; {root} holds none", remedy="choose another; lstmgen corpora lists them"
            )
        return _named_below(name, root, files)
    if name == _PYTHON_DOCS:
        if cache is None:
            raise CorpusError(f"{name} is made in the cache, and there is no cache folder", remedy="set LSTMGEN_HOME to a folder")
        return ((name, machine.materialised_docs(cache)),)
    if name in music21_corpus.NAMES:
        if cache is None or music21_corpus.stamp_of(name, cache) is None:
            raise CorpusError(f"the corpus {name} has not been converted yet", remedy=f"lstmgen corpora get {name}")
        return _named_below(name, music21_corpus.folder_of(name, cache), music21_corpus.files_of(name, cache))
    path = _downloaded(find(name), cache)
    if path is None:
        raise CorpusError(f"the corpus {name} has not been downloaded yet", remedy=f"lstmgen corpora get {name}")
    return ((name, path),)


def path_of(name: str, cache: Path | None) -> tuple[Path, ...]:
    """The files of a corpus in reading order. Raises as `documents_of`."""
    return tuple(path for _, path in documents_of(name, cache))


def get(name: str, cache: Path, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Make a corpus available and return its folder or file; what is there and right is neither fetched nor converted again.

    Args:
        name: of the corpus.
        cache: downloads and conversions go to `cache/corpora/NAME/`.
        progress: called with (bytes received, bytes in all) during a download, with (pieces, pieces in all) during a conversion.

    Raises:
        CorpusError: there is no corpus of that name, or this machine does not have it.
        MissingExtraError: it is made by a package that is not installed.
        InputError: what was sent is not the corpus.
        InUseError: another process is converting it.
        MachineError: the network or the disk failed.
    """
    entry = find(name)
    if entry.kind == "bundled":
        return Path(entry.location)
    if entry.kind == "machine":
        files = path_of(name, cache)
        return machine.standard_library() if name == _PYTHON_SOURCE else files[0]
    if entry.kind == "package":
        return music21_corpus.make(name, cache, progress=progress)
    target = _download_path(entry, cache)
    from lstmgen.corpus import download  # the web takes a fifth of the time in which help is answered

    if target.is_file() and storage.sha256_of(target) == entry.sha256:
        return target
    storage.make_folder(target.parent)
    storage.remove_leftovers(target.parent)
    download.fetch(entry.location, target, sha256=entry.sha256 or "", size_bytes=entry.size_bytes or 0, progress=progress)
    return target


def _named_below(name: str, root: Path, files: tuple[Path, ...]) -> tuple[tuple[str, Path], ...]:
    return tuple((f"{name}/{path.relative_to(root).as_posix()}", path) for path in files)


def _download_path(entry: Entry, cache: Path) -> Path:
    return cache / "corpora" / entry.name / f"{entry.name}{_ENDINGS[entry.content]}"


def _downloaded(entry: Entry, cache: Path | None) -> Path | None:
    """The file of a download whose length is right; its hash was checked before it got there."""
    if cache is None:
        return None
    path = _download_path(entry, cache)
    return path if path.is_file() and path.stat().st_size == entry.size_bytes else None


def _bundled() -> Mapping[str, Path]:
    """Folders of the bundled corpora by name: inside the installed package, or beside it in a checkout."""
    inside = importlib.resources.files("lstmgen") / "bundled"
    candidates = (inside if isinstance(inside, Path) else None, Path(__file__).resolve().parents[2] / "corpora")
    root = next((folder for folder in candidates if folder is not None and folder.is_dir()), None)
    if root is None:
        return {}
    return {folder.name: folder for folder in sorted(root.iterdir()) if folder.is_dir() and _files(folder)}


def _files(folder: Path) -> tuple[Path, ...]:
    """The texts of a folder, or its tunes where it holds no text."""
    found = (tuple(sorted(folder.glob(f"*{ending}"))) for ending in _ENDINGS.values())
    return next((files for files in found if files), ())


def _bundled_entry(name: str, folder: Path) -> Entry:
    card = folder / "SOURCE.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    files = _files(folder)
    return Entry(
        name=name,
        kind="bundled",
        description=_first_paragraph(text) or "no description",
        licence=_licence(text) or "see SOURCE.md",
        location=str(folder),
        size_bytes=sum(path.stat().st_size for path in files),
        content="music" if files[0].suffix == _ENDINGS["music"] else "text",
    )


def _first_paragraph(markdown: str) -> str:
    """The first paragraph that is not a heading, on one line."""
    paragraphs = (re.sub(r"(?m)^#.*$", "", part).split() for part in re.split(r"\n\s*\n", markdown))
    return next((" ".join(words) for words in paragraphs if words), "")


def _licence(markdown: str) -> str:
    """What stands behind `Licence:` on its line, or in the first line below a heading of that name."""
    found = re.search(r"(?im)^\W*licen[cs]e\W*?:\W*([^\n]+)$", markdown) or re.search(r"(?im)^#+\s*licen[cs]e\s*\n+([^\n]+)$", markdown)
    return found[1].strip(" .*") if found else ""


def _package_entry(name: str, cache: Path | None) -> Entry:
    collection = music21_corpus.COLLECTIONS[name]
    made = music21_corpus.stamp_of(name, cache)
    return Entry(
        name=name,
        kind="package",
        content="music",
        description=collection.description,
        licence=collection.licence,
        location="music21",
        size_bytes=made.total_bytes if made is not None else None,
    )


def _source_entry() -> Entry:
    root = machine.standard_library()
    return Entry(
        name=_PYTHON_SOURCE,
        kind="machine",
        description="Source code of the standard library of the running Python, without its tests",
        licence="PSF-2.0",
        location=str(root),
        size_bytes=sum(path.stat().st_size for path in machine.source_files(root)),
    )


def _docs_entry() -> Entry:
    return Entry(
        name=_PYTHON_DOCS,
        kind="machine",
        description="Python's help topics: the language reference in prose, as the running Python carries it",
        licence="PSF-2.0",
        location="pydoc_data.topics",
        size_bytes=machine.topics_bytes(),
    )
