"""`lstmgen sample`: text from a model, or a tune."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from lstmgen.cli.command import Command
from lstmgen.cli.compose import compose, is_of_music
from lstmgen.cli.compose_options import TUNES
from lstmgen.cli.interactive import converse
from lstmgen.cli.options import as_typed, load_model, read_text, unescape
from lstmgen.cli.output import Streams, Styled, encode, to_json
from lstmgen.cli.request import Request
from lstmgen.cli.sample_options import COMMON, DEFAULT_LENGTH, NOVEL_STRIDE, NOVEL_TRIES, TEXT, TURN_LENGTH
from lstmgen.errors import UsageError
from lstmgen.options import given

if TYPE_CHECKING:
    from lstmgen.runs.trained import Sample, SampleStream, TrainedModel

_EXAMPLES: Final = (
    'lstmgen sample checkpoints/story -p "Once upon a time"',
    "lstmgen sample RUN -n 2000 -t 0.6 -s 7 > chapter.txt   # only the text, the same for the same seed",
    "lstmgen sample RUN -p 'ROMEO:\\n' -e --stop '\\n\\n'       # up to the first empty line",
    "lstmgen sample RUN -f beginning.txt -t 1.2:0.6         # wild at first, calm at the end",
    "lstmgen sample RUN --num-samples 3 --json | jq -r .text",
    "lstmgen sample RUN --interactive                       # take turns with the model",
    "lstmgen sample TUNES --bars 16 -o tune.mid --png --wav # a model of music: a tune, its picture and its sound",
    "lstmgen sample TUNES -f begun.mid --bars 8 -o done.mid # go on with a tune, in its tempo, meter and instruments",
    "lstmgen sample TUNES --scale 'C minor' --num-samples 8 -o out/",
)


def sample(streams: Streams, **values: Any) -> int:
    """Generate text from a model, or compose tunes with a model of music.

    Standard output carries the prompt and the text, byte for byte, and nothing else; several samples are set apart by one empty line.
    The filters work in the order constraints, penalty, temperature, top-k, top-p, min-p, typical.
    """
    request = Request.of(values, own={})
    options = {"text": TEXT, "music": TUNES}
    medium = "music" if is_of_music(request.model) else "text"
    for other in options.keys() - {medium}:
        for name in given(options[other], values):
            flag = next(option.flag for option in options[other] if option.name == name)
            raise UsageError(f"{flag} is for {other}, and this model has learned {medium}", remedy="leave it out")
    request = replace(request, own=given(options[medium], values))
    return compose(streams, request) if medium == "music" else write(streams, request)


COMMAND: Final = Command(name="sample", run=sample, examples=_EXAMPLES, options=(*COMMON, *TEXT, *TUNES))


def write(streams: Streams, request: Request) -> int:
    """Generate text, or take turns with the model; returns the exit code."""
    interactive = "interactive" in request.own
    request = _text_request(streams, request, length=TURN_LENGTH if interactive else DEFAULT_LENGTH)
    _check(request, interactive=interactive)
    trained = load_model(request.model, **request.runtime)
    if interactive:
        return converse(streams, trained, request)
    write_samples(streams, trained, request)
    return 0


def _text_request(streams: Streams, request: Request, *, length: int) -> Request:
    """The request with the prompt read, escapes turned into what they mean, and the length where none was given."""

    def meant(text: str) -> str:
        return unescape(as_typed(text)) if "escapes" in request.own else as_typed(text)

    if request.prompt == "-" or request.prompt_file is not None:
        prompt = read_text(request.prompt_file or "-", streams, what="the prompt")
    else:
        prompt = meant(request.prompt or "")
    own = {"oov": "error", "ignore_end": False, **request.own, "stop": tuple(map(meant, request.own.get("stop", ())))}
    return replace(request, prompt=prompt, length=length if request.length is None else request.length, own=own)


def _check(request: Request, *, interactive: bool) -> None:
    out = request.out
    if interactive and (request.json or out is not None or request.num_samples > 1):
        raise UsageError(
            "--interactive is one text on a terminal: --json, -o and --num-samples do not go with it", remedy="/save FILE writes the text"
        )
    endless = request.length == -1 and not request.own["stop"] and (request.json or request.num_samples > 1)
    if endless and not interactive:
        raise UsageError(
            "-n -1 without --stop may never end, so nothing could follow it", remedy="give a length, such as -n 2000, or --stop TEXT"
        )
    if out is not None and out != "-" and Path(out).is_dir():
        raise UsageError(f"-o {out} is a folder, expected a file", remedy=f"-o {Path(out) / 'text.txt'}")


def write_samples(streams: Streams, trained: TrainedModel, request: Request) -> None:
    """Generate what was asked for and write it where it belongs. Nothing is written before the prompt is accepted."""
    out = None if request.out in {None, "-"} else Path(str(request.out))
    if out is not None:
        _spare_inputs(out, trained, request)
    for index in range(request.num_samples):
        source = _stream(trained, request, index if request.novel is None else _novel_number(streams, trained, request, index))
        if not index:
            _tell_beginning(streams, source, request)
        began_s = time.monotonic()
        path = None if out is None else _numbered(out, index, of=request.num_samples)
        if path is not None:
            with path.open("wb") as file:
                _write_one(source, request, _into(file), at_once=not request.stream)
            streams.say(f"wrote {path}")
        elif request.json:
            _write_one(source, request, _nowhere, at_once=False)
        else:
            if index:
                streams.product("\n\n")
            if request.num_samples > 1 and streams.out_is_terminal:
                streams.say(Styled("dim", f"sample {index + 1} of {request.num_samples}"))
            with _ending_line(streams):
                _write_one(source, request, streams.product, at_once=not request.stream)
        if request.json:
            streams.product_line(to_json(_as_object(source.result, path)))
        _explain_end(streams, source, time.monotonic() - began_s)


def _stream(trained: TrainedModel, request: Request, number: int) -> SampleStream:
    own = {name: request.own[name] for name in ("stop", "oov", "ignore_end")}
    return trained.stream(request.prompt or "", length=request.length, seed=request.seed, index=number, sampling=request.sampling, **own)


def _novel_number(streams: Streams, trained: TrainedModel, request: Request, index: int) -> int:
    """The number of the first sample in place of this one that copies no more than it may; of none, that which copies least."""
    found: list[tuple[float, int]] = []
    share = 1.0 if request.novel is None else request.novel
    for attempt in range(NOVEL_TRIES):
        number = index + attempt * NOVEL_STRIDE
        found.append((trained.novelty("".join(_stream(trained, request, number))).copied_share, number))
        if found[-1][0] <= share:
            return number
    least, number = min(found)
    streams.say(f"warning: of {NOVEL_TRIES} samples each copied more than {share:.0%}; this is the one with {least:.0%}")
    return number


def _tell_beginning(streams: Streams, source: SampleStream, request: Request) -> None:
    streams.say(f"seed: {request.seed}")
    for note in source.result.notes:
        streams.say(f"note: {note}")
    streams.explain(f"sampling: {request.sampling}")


def _explain_end(streams: Streams, source: SampleStream, seconds: float) -> None:
    drawn = source.result
    surprise = f", {drawn.nats_per_token:.3f} nats a token" if drawn.nats_per_token is not None else ""
    speed = f", {drawn.tokens / seconds:,.0f} tokens a second" if seconds > 0 else ""
    streams.explain(f"sample {drawn.index}: ended by {drawn.ended} after {drawn.tokens:,} tokens{surprise}{speed}")


def _write_one(source: SampleStream, request: Request, write: Callable[[str], None], *, at_once: bool) -> None:
    """Write the prompt and the text of one sample, piece by piece or at once; interrupted, what was drawn is written first."""
    if request.echo and request.prompt:
        write(request.prompt)
    held: list[str] = []
    try:
        for piece in source:
            held.append(piece) if at_once else write(piece)
    finally:
        if held:
            write("".join(held))


def _spare_inputs(out: Path, trained: TrainedModel, request: Request) -> None:
    """Refuse to write over what the sample is made from."""
    targets = [_numbered(out, index, of=request.num_samples) for index in range(request.num_samples)]
    for name in (trained.path, request.prompt_file):
        if name is not None and any(_same_file(target, Path(name)) for target in targets):
            raise UsageError(f"-o {name} would write over what the text is made from", remedy="choose another name")


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


@contextmanager
def _ending_line(streams: Streams) -> Iterator[None]:
    """On a terminal, the prompt of the shell shall stand on a line of its own, also after Ctrl-C."""
    try:
        yield
    finally:
        if streams.out_is_terminal:
            streams.product("\n")


def _into(file: BinaryIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        file.write(encode(text))
        file.flush()

    return write


def _nowhere(text: str) -> None:
    del text


def _numbered(path: Path, index: int, *, of: int) -> Path:
    """`out.txt` for one sample; `out-1.txt`, `out-2.txt` for several."""
    return path if of == 1 else path.with_name(f"{path.stem}-{index + 1}{path.suffix}")


def _as_object(drawn: Sample, path: Path | None) -> dict[str, Any]:
    content = {"text": drawn.text} if path is None else {"file": str(path)}
    return {
        "index": drawn.index,
        "seed": drawn.seed,
        "prompt": drawn.prompt,
        **content,
        "tokens": drawn.tokens,
        "nats_per_token": drawn.nats_per_token,
        "ended": drawn.ended,
    }
