"""`lstmgen sample`: text from a model, or a tune."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from lstmgen.cli import sample_options as option
from lstmgen.cli.compose import MusicCall, compose, is_of_music, refuse_music_options, refuse_text_options
from lstmgen.cli.compose_options import takes_music_options
from lstmgen.cli.options import (
    OOV_POLICIES,
    Device,
    Json,
    Model,
    Precision,
    Threads,
    as_typed,
    check_choice,
    draw_seed,
    given,
    load_model,
    read_text,
    unescape,
)
from lstmgen.cli.output import Streams, encode, one_line, to_json
from lstmgen.errors import UsageError
from lstmgen.generation.sampling import Sampling, parse_temperature

if TYPE_CHECKING:
    from lstmgen.choices import OovPolicy
    from lstmgen.runs.trained import Sample, SampleStream, TrainedModel

EXAMPLES: Final = (
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


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to generate."""

    prompt: str
    echo: bool
    length: int
    num_samples: int
    seed: int
    stop: tuple[str, ...]
    ignore_end: bool
    oov: OovPolicy
    sampling: Sampling
    prompt_file: str | None = None
    novel: float | None = None


@takes_music_options
def sample(
    streams: Streams,
    *,
    music: dict[str, Any],
    model: Model,
    prompt: option.Prompt = None,
    prompt_file: option.PromptFile = None,
    echo: option.Echo = True,
    escapes: option.Escapes = False,
    interactive: option.Interactive = False,
    length: option.Length = None,
    num_samples: option.NumSamples = 1,
    seed: option.Seed = None,
    stop: option.Stop = None,
    ignore_end: option.IgnoreEnd = False,
    novel: option.Novel = None,
    temperature: option.Temperature = None,
    top_k: option.TopK = None,
    top_p: option.TopP = None,
    min_p: option.MinP = None,
    typical_p: option.TypicalP = None,
    repetition_penalty: option.Penalty = None,
    repeat_last_n: option.RepeatLastN = None,
    out: option.OutFile = None,
    json: Json = False,
    stream: option.Stream = True,
    oov: option.Oov = None,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
) -> int:
    """Generate text from a model, or compose tunes with a model of music.

    Standard output carries the prompt and the text, byte for byte, and nothing else; several samples are set apart by one empty line.
    The filters work in the order constraints, penalty, temperature, top-k, top-p, min-p, typical.
    """
    check_choice("--oov", oov, OOV_POLICIES)
    limits = given(temperature=temperature and parse_temperature(temperature), top_k=top_k, top_p=top_p, min_p=min_p, typical_p=typical_p)
    sampling = Sampling(**limits, **given(repetition_penalty=repetition_penalty, repeat_last_n=repeat_last_n))
    runtime = {"device": device, "precision": precision, "threads": threads}
    seed = draw_seed() if seed is None else seed
    if is_of_music(model):
        refuse_text_options(escapes=escapes, interactive=interactive, stop=stop, ignore_end=ignore_end, oov=oov)
        call = MusicCall(model, prompt, prompt_file, echo, length, num_samples, seed, sampling, out, json, music, runtime, novel)
        return compose(streams, call)
    refuse_music_options(music)
    stops = tuple(unescape(as_typed(text)) if escapes else as_typed(text) for text in stop or ())
    wish = Wish(
        prompt=_prompt(streams, prompt, prompt_file, escapes=escapes), prompt_file=prompt_file, echo=echo, num_samples=num_samples,
        length=_length(length, interactive=interactive), seed=seed, stop=stops, ignore_end=ignore_end, novel=novel,
        oov=cast("OovPolicy", oov or "error"), sampling=sampling,
    )  # fmt: skip
    _check(wish, out=out, json=json, interactive=interactive)
    trained = load_model(model, **runtime)
    if interactive:
        from lstmgen.cli.interactive import converse

        return converse(streams, trained, wish)
    write_samples(streams, trained, wish, out=out, json=json, stream=stream)
    return 0


def _length(given_length: int | None, *, interactive: bool) -> int:
    if given_length is not None:
        return given_length
    return option.TURN_LENGTH if interactive else option.DEFAULT_LENGTH


def _prompt(streams: Streams, typed: str | None, file: str | None, *, escapes: bool) -> str:
    if typed is not None and file is not None:
        raise UsageError("-p and -f both give a prompt, expected one of them", remedy="put all of it into one")
    if typed == "-" or file is not None:
        return read_text(file or "-", streams, what="the prompt")
    text = as_typed(typed or "")
    return unescape(text) if escapes else text


def _check(wish: Wish, *, out: str | None, json: bool, interactive: bool) -> None:
    if interactive and (json or out is not None or wish.num_samples > 1):
        raise UsageError(
            "--interactive is one text on a terminal: --json, -o and --num-samples do not go with it", remedy="/save FILE writes the text"
        )
    endless = wish.length < 0 and not wish.stop and (json or wish.num_samples > 1)
    if endless and not interactive:
        raise UsageError(
            "-n -1 without --stop may never end, so nothing could follow it", remedy="give a length, such as -n 2000, or --stop TEXT"
        )
    if out is not None and out != "-" and Path(out).is_dir():
        raise UsageError(f"-o {out} is a folder, expected a file", remedy=f"-o {Path(out) / 'text.txt'}")


def write_samples(streams: Streams, trained: TrainedModel, wish: Wish, *, out: str | None, json: bool, stream: bool) -> None:
    """Generate what was wished for and write it where it belongs. Nothing is written before the prompt is accepted."""
    to_file = out is not None and out != "-"
    if to_file:
        _spare_inputs(Path(str(out)), trained, wish)
    for index in range(wish.num_samples):
        number = index if wish.novel is None else _novel_number(streams, trained, wish, index, share=wish.novel)
        source = trained.stream(
            wish.prompt, length=wish.length, seed=wish.seed, index=number, stop=wish.stop, oov=wish.oov, sampling=wish.sampling,
            ignore_end=wish.ignore_end,
        )  # fmt: skip
        if not index:
            _tell_beginning(streams, source, wish)
        began_s = time.monotonic()
        path = _numbered(Path(str(out)), index, of=wish.num_samples) if to_file else None
        if path is not None:
            with path.open("wb") as file:
                _write_one(source, wish, _into(file), stream=stream)
            streams.say(one_line(f"wrote {path}"))
        elif json:
            _write_one(source, wish, _nowhere, stream=True)
        else:
            if index:
                streams.product("\n\n")
            if wish.num_samples > 1 and streams.out_is_terminal:
                streams.say(streams.styled("dim", f"sample {index + 1} of {wish.num_samples}"))
            with _ending_line(streams):
                _write_one(source, wish, streams.product, stream=stream)
        if json:
            streams.product_line(to_json(_as_object(source.result, path)))
        _explain_end(streams, source, time.monotonic() - began_s)


def _novel_number(streams: Streams, trained: TrainedModel, wish: Wish, index: int, *, share: float) -> int:
    """The number of the first sample in place of this one that copies no more than it may; of none, that which copies least."""
    found: list[tuple[float, int]] = []
    for attempt in range(option.NOVEL_TRIES):
        number = index + attempt * option.NOVEL_STRIDE
        source = trained.stream(
            wish.prompt, length=wish.length, seed=wish.seed, index=number, stop=wish.stop, oov=wish.oov, sampling=wish.sampling,
            ignore_end=wish.ignore_end,
        )  # fmt: skip
        found.append((trained.novelty("".join(source)).copied_share, number))
        if found[-1][0] <= share:
            return number
    least, number = min(found)
    streams.say(f"warning: of {option.NOVEL_TRIES} samples each copied more than {share:.0%}; this is the one with {least:.0%}")
    return number


def _tell_beginning(streams: Streams, source: SampleStream, wish: Wish) -> None:
    streams.say(f"seed: {wish.seed}")
    for note in source.result.notes:
        streams.say(one_line(f"note: {note}"))
    streams.explain(f"sampling: {wish.sampling}")


def _explain_end(streams: Streams, source: SampleStream, seconds: float) -> None:
    drawn = source.result
    surprise = f", {drawn.nats_per_token:.3f} nats a token" if drawn.nats_per_token is not None else ""
    speed = f", {drawn.tokens / seconds:,.0f} tokens a second" if seconds > 0 else ""
    streams.explain(f"sample {drawn.index}: ended by {drawn.ended} after {drawn.tokens:,} tokens{surprise}{speed}")


def _write_one(source: SampleStream, wish: Wish, write: Callable[[str], None], *, stream: bool) -> None:
    """Write the prompt and the text of one sample, piece by piece or at once; interrupted, what was drawn is written first."""
    if wish.echo and wish.prompt:
        write(wish.prompt)
    held: list[str] = []
    try:
        for piece in source:
            write(piece) if stream else held.append(piece)
    finally:
        if held:
            write("".join(held))


def _spare_inputs(out: Path, trained: TrainedModel, wish: Wish) -> None:
    """Refuse to write over what the sample is made from."""
    targets = [_numbered(out, index, of=wish.num_samples) for index in range(wish.num_samples)]
    for name in (trained.path, wish.prompt_file):
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
