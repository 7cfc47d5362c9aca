"""`lstmgen render`: a tune as a picture, as sound, or as a piano roll in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from lstmgen import api, limits
from lstmgen.cli.bars import work_bar
from lstmgen.cli.command import Command
from lstmgen.cli.complete import paths
from lstmgen.cli.media import RENDERINGS
from lstmgen.cli.options import STANDARD_INPUT, read_input
from lstmgen.cli.output import Streams
from lstmgen.cli.render_targets import PICTURES, SOUND, Job, Place, check_options, folder_remedy, jobs_of, parse_place
from lstmgen.cli.wording import amount, counted, size
from lstmgen.errors import InputError, UsageError
from lstmgen.options import Option, given

_EXAMPLES: Final = (
    "lstmgen render tune.mid                           # a piano roll in the terminal",
    "lstmgen render tune.mid -o tune.png -o tune.wav   # a picture and the sound",
    "lstmgen render tune.mid -o tune.svg --dark --from 9 --to 24",
    "lstmgen render tune.mid -o tune.wav --soundfont piano.sf2",
    "lstmgen render tunes/*.mid -o pictures/ --format png --format wav",
)
_PART: Final = "part"

_OPTIONS: Final = (
    Option(
        name="files",
        unit="FILE...",
        repeated=True,
        required=True,
        help="MIDI files, or - for standard input.",
        complete=paths,
    ),
    Option(
        name="outs",
        flags="-o --output",
        unit="OUT",
        repeated=True,
        help="A name that ends in .png, .svg, .wav, .flac or .ogg (extra: audio), a FOLDER/, or - with --format. May be repeated.",
        complete=paths,
    ),
    Option(
        name="formats",
        flags="--format",
        choices=RENDERINGS,
        repeated=True,
        help=f"What goes into a folder or to standard output. May be repeated. [{RENDERINGS[0]}]",
    ),
    Option(name="begin", flags="--from", unit="BAR|TIME", help="Begin with this bar (9), or at this time (30s, 1:20).", panel=_PART),
    Option(name="end", flags="--to", unit="BAR|TIME", help="End after this bar (16), or at this time.", panel=_PART),
)
_LOOK: Final = (
    Option(name="dark", flags="--dark", type=bool, help="Light on dark.", panel=PICTURES),
    Option(
        name="width",
        flags="--width",
        type=int,
        unit="N",
        low=1,
        help="Pixels of a picture [1600], or columns in the terminal.",
        panel=PICTURES,
    ),
    Option(name="title", flags="--title", unit="TEXT", help="At the head, instead of the file's name.", panel=PICTURES),
    Option(
        name="soundfont",
        flags="--soundfont",
        type=Path,
        unit="FILE.sf2",
        help="Play it with these instruments (extra: audio).",
        complete=paths,
        panel=SOUND,
    ),
    Option(
        name="loop",
        flags="--loop",
        type=bool,
        help="Just as long as the tune; what still sounds at its end is heard at its beginning.",
        panel=SOUND,
    ),
    Option(
        name="seed",
        flags="-s --seed",
        type=int,
        unit="N",
        low=0,
        help="How the strokes of one note differ: the same tune and seed give the same sound. [0]",
        panel=SOUND,
    ),
    Option(name="sample_rate", flags="--sample-rate", type=int, unit="HZ", low=1, help="Frames a second. [44100]", panel=SOUND),
)


def render(
    streams: Streams,
    *,
    files: tuple[str, ...],
    outs: tuple[str, ...],
    formats: tuple[str, ...],
    begin: str | None,
    end: str | None,
    **values: Any,
) -> int:
    """Draw a tune as a piano roll, or play it to a sound file.

    Without -o the roll is drawn in the terminal. Sound comes from a built-in synthesizer, or from a SoundFont of yours. That of a whole
    tune begins with its first note; with --from, where you say.
    """
    jobs = jobs_of(files, outs, formats, out_is_terminal=streams.out_is_terminal)
    look = given(_LOOK, values)
    check_options(jobs, [option for option in _LOOK if option.name in look])
    title = look.pop("title", None)
    part = (parse_place("--from", begin), parse_place("--to", end))
    _make_folders(jobs)
    failed: list[InputError] = []
    for place, file in enumerate(files):
        try:
            score = _read(streams, file)
            ticks = _ticks(score, *part)
        except InputError as error:
            if len(files) == 1:
                raise
            failed.append(error)
            streams.say(f"skipped {error.message}")
            continue
        heading = (Path(file).stem if file != STANDARD_INPUT else "") if title is None else title
        if jobs:
            for job in (job for job in jobs if job.source == file):
                _make(streams, score, job, title=heading, ticks=ticks, look=look)
        else:
            _show(streams, score, title=heading, ticks=ticks, width=values["width"], apart=place > 0)
    if failed:
        raise InputError(
            f"{len(failed)} of {counted(len(files), 'file')} could not be rendered", remedy="see the lines above; the others are done"
        )
    return 0


COMMAND: Final = Command(name="render", run=render, examples=_EXAMPLES, options=(*_OPTIONS, *_LOOK))


def _make_folders(jobs: Sequence[Job]) -> None:
    for folder in dict.fromkeys(job.out.parent for job in jobs if job.out is not None):
        api.make_folder(folder)


def _read(streams: Streams, file: str) -> api.Score:
    """The score of a MIDI file; what is wrong with the file is said.

    Raises:
        InputError: it cannot be read, or is no MIDI file.
    """
    if file != STANDARD_INPUT and Path(file).is_dir():
        raise InputError(f"{file} is a folder, expected a MIDI file", remedy=folder_remedy(file))
    content = read_input(file, streams, what="a MIDI file", most=limits.MAX_MIDI_BYTES)
    try:
        reading = api.read_midi(content)
    except InputError as error:
        raise InputError(f"{file}: {error.message}", remedy=error.remedy) from error
    for finding in reading.findings:
        times = f", {counted(finding.count, 'time')}" if finding.count > 1 else ""
        streams.explain(f"{file}: {finding.reason}{times}{f' ({finding.detail})' if finding.detail else ''}")
    return reading.score


def _ticks(score: api.Score, begin: Place | None, end: Place | None) -> tuple[int, int] | None:
    """The part that is meant, in ticks; None for the whole.

    Raises:
        UsageError: it ends before it begins.
        InputError: it begins after the end of the piece.
    """
    if begin is None and end is None:
        return None
    bars = api.Bars(score)

    def tick_of(place: Place, *, after: bool) -> int:
        if place.bar is not None:
            return bars.tick(max(0, place.bar - api.first_number(score) + after))
        return int(score.ticks_at(min(place.seconds or 0.0, score.duration_s + 1.0)))

    start = 0 if begin is None else tick_of(begin, after=False)
    stop = score.length_ticks if end is None else min(tick_of(end, after=True), max(score.length_ticks, 1))
    if start >= max(score.length_ticks, 1):
        length = f"{counted(bars.count, 'bar')}, {score.duration_s:.1f} s"
        raise InputError(f"--from lies behind the end of the piece, which has {length}", remedy="--from 1")
    if stop <= start:
        raise UsageError("--to lies before --from", remedy="--from 9 --to 16")
    return start, stop


def _make(streams: Streams, score: api.Score, job: Job, *, title: str, ticks: tuple[int, int] | None, look: dict[str, Any]) -> None:
    """Write one picture or sound, with a bar on standard error while it takes time."""
    name = "standard input" if job.source == STANDARD_INPUT else job.source
    with work_bar(streams, f"rendering {name}", shown=lambda notes: f"{amount(notes)} notes") as progress:
        how: dict[str, Any] = {"title": title, "ticks": ticks, "progress": progress, **look}
        if job.out is None:
            content = api.render_bytes(score, job.kind, **how)
        else:
            api.render_file(score, job.out, kind=job.kind, **how)
            content = b""
    if job.out is None:
        streams.product_bytes(content)
    else:
        streams.say(f"wrote {job.out}: {size(job.out.stat().st_size)}")


def _show(streams: Streams, score: api.Score, *, title: str, ticks: tuple[int, int] | None, width: int | None, apart: bool) -> None:
    """The piano roll on standard output; it is our own drawing, and every name in it is escaped already."""
    columns = streams.out_columns if width is None else width
    if width is not None and width > limits.MAX_PICTURE_WIDTH:
        raise UsageError(f"--width: a roll has at most {limits.MAX_PICTURE_WIDTH} columns, found {width}", remedy="leave it out")
    roll = api.draw_terminal(score, width=columns, colour=streams.out_colour, title=title, ticks=ticks)
    streams.own_line(f"\n{roll}" if apart else roll)
