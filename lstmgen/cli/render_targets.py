"""Where `lstmgen render` writes what: every mistake in its arguments is found here, before a file is read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lstmgen import api
from lstmgen.cli.media import RENDERINGS, SOUNDS
from lstmgen.cli.options import STANDARD_INPUT, is_folder, is_same_file
from lstmgen.cli.wording import command, counted, parse_duration
from lstmgen.errors import UsageError
from lstmgen.options import Option

PICTURES: Final = "pictures"
SOUND: Final = "sound"
_OF_ROLLS: Final = frozenset({"width", "title"})
"""Options of pictures that a piano roll in the terminal listens to as well."""


@dataclass(frozen=True)
class Job:
    """One file to be made.

    Attributes:
        source: a MIDI file, or `-` for standard input.
        kind: a picture, or sound.
        out: where it goes; None is standard output.
    """

    source: str
    kind: str
    out: Path | None


@dataclass(frozen=True)
class Place:
    """A place in a piece: the number of a bar, counted from the first full one, or seconds."""

    bar: int | None = None
    seconds: float | None = None


def jobs_of(files: Sequence[str], outs: Sequence[str], formats: Sequence[str], *, out_is_terminal: bool) -> list[Job]:
    """What is to be made; nothing where there is no `-o`, and a piano roll goes to the terminal.

    Raises:
        UsageError: the names do not go together, or something would be written over.
    """
    if files.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input can be read once only", remedy="name - once")
    folders = [out for out in outs if out != STANDARD_INPUT and is_folder(out)]
    if formats and not folders and STANDARD_INPUT not in outs:
        raise UsageError("--format says what goes to -o - or into -o FOLDER/, and there is neither", remedy=f"-o tune.{formats[0]}")
    jobs = [job for out in outs for job in _jobs(files, out, formats, out_is_terminal=out_is_terminal)]
    _check_collisions(jobs)
    for job in jobs:
        api.check_rendering(job.kind)
    return jobs


def _jobs(files: Sequence[str], out: str, formats: Sequence[str], *, out_is_terminal: bool) -> list[Job]:
    if out == STANDARD_INPUT:
        if len(formats) != 1 or len(files) != 1:
            found = counted(len(files), "file") if len(files) != 1 else counted(len(formats), "format")
            raise UsageError(f"-o - takes one file and one --format, found {found}", remedy="lstmgen render tune.mid -o - --format svg")
        if out_is_terminal and formats[0] != "svg":
            raise UsageError(f"a {formats[0]} file does not belong on a terminal", remedy=f"-o tune.{formats[0]}, or a pipe behind it")
        return [Job(files[0], formats[0], None)]
    if is_folder(out):
        names = _names(files)
        return [Job(file, kind, Path(out, f"{names[file]}.{kind}")) for file in files for kind in dict.fromkeys(formats or RENDERINGS[:1])]
    if len(files) > 1:
        raise UsageError(
            f"{counted(len(files), 'file')} cannot all be written to {out!r}", remedy=f"name a folder: -o {Path(out).stem or 'pictures'}/"
        )
    return [Job(files[0], api.rendering_of(Path(out)), Path(out))]


def _names(files: Sequence[str]) -> dict[str, str]:
    """For every file the name of its picture; those of the same name in several folders are numbered."""
    names: dict[str, str] = {}
    for file in files:
        stem = "tune" if file == STANDARD_INPUT else Path(file).stem
        name, number = stem, 1
        while name in names.values():
            number += 1
            name = f"{stem}-{number}"
        names.setdefault(file, name)
    return names


def _check_collisions(jobs: Sequence[Job]) -> None:
    outs = [job.out.absolute() for job in jobs if job.out is not None]
    for out in outs:
        if outs.count(out) > 1:
            raise UsageError(f"{str(out)!r} would be written twice", remedy="give every -o a name of its own")
    for job in jobs:
        if job.out is not None and job.source != STANDARD_INPUT and is_same_file(job.out, Path(job.source)):
            raise UsageError(f"{str(job.out)!r} would be written over the file that it is made of", remedy="give -o another name")
    if sum(job.out is None for job in jobs) > 1:
        raise UsageError("standard output can take one file only", remedy="give -o - once")


def check_options(jobs: Sequence[Job], given: Collection[Option]) -> None:
    """Refuse options that would change nothing: of pictures where none is drawn, of sound where none is made.

    Raises:
        UsageError: such an option is given.
    """
    heard = any(job.kind in SOUNDS for job in jobs)
    drawn = any(job.kind not in SOUNDS for job in jobs)
    for option in given:
        if option.panel == PICTURES and not drawn and (jobs or option.name not in _OF_ROLLS):
            raise UsageError(f"{option.flag} is for pictures, and none is drawn", remedy="-o tune.png, or leave it out")
        if option.panel == SOUND and not heard:
            raise UsageError(f"{option.flag} is for sound, and none is made", remedy="-o tune.wav, or leave it out")
    if {"seed", "soundfont"} <= {option.name for option in given}:
        raise UsageError("--seed is for the built-in synthesizer, and a SoundFont plays", remedy="leave one of them out")


def parse_place(flag: str, text: str | None) -> Place | None:
    """A place as it is typed: `9` is bar 9, `30s`, `1m20s` and `1:20` are times.

    Raises:
        UsageError: it is none of these.
    """
    if text is None:
        return None
    wrong = UsageError(f"{flag}: {text!r} is neither a bar nor a time", remedy=f"{flag} 9 for bar 9, {flag} 30s or {flag} 1:20 for a time")
    if text.isdecimal():
        if not 1 <= len(text) <= 9 or int(text) < 1:
            raise wrong
        return Place(bar=int(text))
    parts = text.split(":")
    if len(parts) in {2, 3} and all(part.isdecimal() and len(part) <= 4 for part in parts):
        seconds = 0
        for part in parts:
            seconds = 60 * seconds + int(part)
        return Place(seconds=float(seconds))
    if not text[-1:].isalpha():
        raise wrong
    try:
        return Place(seconds=parse_duration(text))
    except UsageError as error:
        raise wrong from error


def folder_remedy(folder: str) -> str:
    """What to type where a folder was named instead of files."""
    return f"{command('render')} {folder.rstrip('/')}/*.mid -o pictures/"
