"""What the user named, to files: paths, folders, globs, standard input and names of corpora.

The order is that of the specs; within a folder or glob it is that of the names, so the file system's own order changes nothing.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import glob
import itertools
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from lstmgen import limits, run_files, storage
from lstmgen.corpus import catalog
from lstmgen.errors import CorpusError, UsageError
from lstmgen.opening import obstacle

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A file that may become a document, or a folder that could not be entered."""

    name: str
    """As the user would recognise it; printable."""
    path: Path
    named: bool
    """Whether the user named this very file: then it is refused rather than skipped."""
    obstacle: str = ""
    """Why it cannot be used, where that is known already."""


def locate(specs: Sequence[str], *, kept: Mapping[str, Path] | None, cache: Path | None) -> Iterator[Candidate]:
    """Every file that the specs name, each once.

    Args:
        specs: paths, globs, `-`, or names of corpora; a name is tried only when no such path exists.
        kept: for `-` and every pipe that is named the file that keeps what it held; see `keep_input`.
        cache: where corpora are kept.

    Raises:
        CorpusError: a spec names nothing, something else than a file or a folder, or more than `limits.MAX_DOCUMENTS` files.
        UsageError: no spec, or `-` where nothing was kept.
    """
    if not specs:
        raise UsageError("no source of text is named", remedy="name a file, a folder or a corpus; lstmgen corpora lists the corpora")
    seen: set[str] = set()
    here = kept or {}
    for spec in dict.fromkeys(specs):
        found = _kept(spec, here.get(spec)) if spec in here or spec == STANDARD_INPUT else _resolve(spec, cache)
        for candidate in found:
            key = os.path.realpath(candidate.path)
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > limits.MAX_DOCUMENTS:
                raise CorpusError(
                    f"the sources hold more than {limits.MAX_DOCUMENTS:,} files, which is the limit",
                    remedy="join the small files into larger ones first",
                )
            yield candidate


def _resolve(spec: str, cache: Path | None) -> Iterator[Candidate]:
    mode = _mode(spec)
    if mode is not None and stat.S_ISDIR(mode):
        yield from _folder(Path(spec), named=True)
    elif mode is not None:
        if reason := obstacle(mode):
            raise CorpusError(f"{shown(spec)}: {reason}", remedy="name - instead, and redirect it into the command: < SOURCE")
        yield Candidate(name=shown(spec), path=Path(spec), named=True)
    elif glob.has_magic(spec):
        yield from _glob(spec)
    elif spec in catalog.names():
        yield from (Candidate(name=shown(name), path=path, named=False) for name, path in catalog.documents_of(spec, cache))
    else:
        raise _missing(spec)


def _mode(spec: str) -> int | None:
    """The file mode of a path, or None where nothing is. A path that cannot be reached counts as a file, so that opening it says why."""
    try:
        return Path(spec).stat().st_mode if spec else None
    except ValueError:
        return None
    except OSError as error:
        if error.errno in {errno.ENAMETOOLONG, errno.EINVAL}:
            return None
        absent = error.errno in {errno.ENOENT, errno.ENOTDIR} and not Path(spec).is_symlink()
        return None if absent else stat.S_IFREG


def _folder(folder: Path, *, named: bool) -> Iterator[Candidate]:
    """The files below a folder in sorted order; hidden ones and links to folders are left out."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        name = shown(path.as_posix())
        mode = _reachable_mode(path)
        if not stat.S_ISDIR(mode):
            yield Candidate(name=name, path=path, named=False, obstacle=obstacle(mode))
        elif path.is_symlink() and path != folder:
            yield Candidate(name=name, path=path, named=False, obstacle="a link to a folder, which is not followed")
        else:
            try:
                inside = sorted((entry for entry in path.iterdir() if not entry.name.startswith(".")), reverse=True)
            except OSError as error:
                reason = f"cannot be listed: {(error.strerror or str(error)).lower()}"
                if named and path == folder:
                    raise CorpusError(f"{name}: {reason}", remedy="make the folder readable (chmod u+rx), or name another") from error
                yield Candidate(name=name, path=path, named=False, obstacle=reason)
            else:
                waiting.extend(inside)


def _reachable_mode(path: Path) -> int:
    """The file mode behind a path. One that cannot be reached counts as a file, so that opening it says why."""
    try:
        return path.stat().st_mode
    except OSError:
        return stat.S_IFREG


def _glob(pattern: str) -> Iterator[Candidate]:
    # Path.glob takes no absolute pattern and would visit hidden folders
    matches = sorted(Path(match) for match in glob.iglob(pattern, recursive=True))  # noqa: PTH207 - see above
    if not matches:
        raise CorpusError(f"nothing matches {shown(pattern)!r}", remedy="check the pattern; ** stands for any depth of folders")
    for path in matches:
        yield from _folder(path, named=False)


def is_input(spec: str) -> bool:
    """Whether a source can be read only once: standard input, or a pipe that is named, such as that of `<(command)` in a shell."""
    mode = None if spec == STANDARD_INPUT else _mode(spec)
    return spec == STANDARD_INPUT or (mode is not None and stat.S_ISFIFO(mode))


def _kept(spec: str, path: Path | None) -> Iterator[Candidate]:
    if path is None:
        raise _no_input()
    yield Candidate(name=_name(spec), path=path, named=True)


def _name(spec: str) -> str:
    return "standard input" if spec == STANDARD_INPUT else shown(spec)


def keep_input(spec: str, stdin: BinaryIO | None, folder: Path, *, ending: Callable[[bytes], str]) -> Path:
    """Keep what standard input or a pipe holds in a file of a folder, for it can be read only once. The same content gives the same file.

    Args:
        spec: `-`, or the path of the pipe; reading waits for whoever writes into it.
        stdin: standard input, where there is one.
        folder: where the file goes; made where it is missing.
        ending: of the file's name, told by its first bytes.

    Raises:
        CorpusError: it is empty, or cannot be read.
        UsageError: there is no standard input.
        MachineError: the file cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            stream: BinaryIO | None = stdin if spec == STANDARD_INPUT else stack.enter_context(Path(spec).open("rb"))
        except OSError as error:
            raise _unreadable(spec, error) from error
        if stream is None:
            raise _no_input()
        storage.make_folder(folder)
        storage.remove_leftovers(folder)
        chunks = _chunks(spec, stream)
        head = next(chunks, b"")
        if not head:
            raise CorpusError(f"{_name(spec)} is empty, expected text", remedy="redirect a file into it: < FILE")
        return storage.store_by_content(folder, itertools.chain([head], chunks), prefix=run_files.INPUT_PREFIX, suffix=ending(head))


def _no_input() -> UsageError:
    return UsageError("standard input cannot be a source here", remedy="name a file")


def _unreadable(spec: str, error: OSError) -> CorpusError:
    return CorpusError(f"{_name(spec)} cannot be read: {error.strerror or error}", remedy="redirect a file into it: < FILE")


def _chunks(spec: str, stream: BinaryIO) -> Iterator[bytes]:
    while True:
        try:
            chunk = stream.read(limits.READ_CHUNK_BYTES)
        except OSError as error:
            raise _unreadable(spec, error) from error
        if not chunk:
            return
        yield chunk


def _missing(spec: str) -> CorpusError:
    path = Path(spec)
    if "\x00" not in spec and path.parent != path and not stat.S_ISDIR(_reachable_mode(path.parent)):
        return CorpusError(
            f"{shown(spec)}: no such file, and {shown(str(path.parent))} is not a folder either",
            remedy="check the path; relative paths start at the current folder",
        )
    nearest = difflib.get_close_matches(path.name, [*_entries(path.parent), *catalog.names()], n=1)
    if not nearest:
        return CorpusError(f"{shown(spec)!r}: no file, folder or corpus of that name", remedy="lstmgen corpora lists the corpora")
    suggestion = nearest[0] if nearest[0] in catalog.names() else str(path.parent / nearest[0])
    return CorpusError(f"{shown(spec)!r}: no file, folder or corpus of that name", remedy=f"did you mean {shown(suggestion)}?")


def _entries(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in itertools.islice(folder.iterdir(), limits.MAX_NAMES_COMPARED)]
    except (OSError, ValueError):
        return []


def shown(name: str) -> str:
    """A file's name as it may be printed anywhere: control characters, direction overrides and undecodable bytes escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)
