"""Corpora that are on every machine with Python: the standard library's sources and its help topics."""

from __future__ import annotations

import importlib
import platform
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, cast

from lstmgen import storage
from lstmgen.errors import CorpusError

_NOT_SOURCES: Final = frozenset(
    {"test", "tests", "idle_test", "idlelib", "lib2to3", "site-packages", "dist-packages", "__pycache__", "_bundled"}
)
"""Folders that are left out: tests hold broken files on purpose, and packages are not the standard library."""


def standard_library() -> Path:
    """The folder of the running interpreter's standard library."""
    return Path(sysconfig.get_path("stdlib"))


def source_files(root: Path) -> tuple[Path, ...]:
    """The Python sources below a folder, sorted, without tests, installed packages and empty files."""
    return tuple(_sources_below(root))


def _sources_below(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.is_dir():
            if entry.name not in _NOT_SOURCES and not entry.name.startswith(".") and not entry.is_symlink():
                yield from _sources_below(entry)
        elif entry.suffix == ".py" and entry.is_file() and entry.stat().st_size:
            yield entry


def docs_text() -> str:
    """Python's help topics, sorted by name. Nothing but their own table is imported; the same interpreter always gives the same text.

    Raises:
        CorpusError: the interpreter comes without them.
    """
    topics = _topics()
    if not topics:
        raise CorpusError(
            "this Python comes without its help topics, which python-docs is made of",
            remedy="choose another corpus; lstmgen corpora lists them",
        )
    return "\n\n".join(f"{topics[name].strip()}\n" for name in sorted(topics))


def topics_bytes() -> int | None:
    """Length of the help topics' text in UTF-8; None where this interpreter comes without them."""
    return len(docs_text().encode()) if _topics() else None


def materialised_docs(cache: Path) -> Path:
    """`docs_text` as a file in the cache, written when it is first asked for.

    Raises:
        CorpusError: as `docs_text`.
        MachineError: the cache cannot be written.
    """
    folder = cache / "corpora" / "python-docs"
    path = folder / f"python-docs-{platform.python_version()}.txt"
    if not path.is_file():
        text = docs_text()
        storage.make_folder(folder)
        storage.remove_leftovers(folder)
        storage.atomic_write(path, text.encode())
    return path


def _topics() -> Mapping[str, str]:
    try:
        module = importlib.import_module("pydoc_data.topics")
    except ImportError:
        return {}
    return cast("Mapping[str, str]", module.topics)
