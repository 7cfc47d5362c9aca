"""`lstmgen sample` for models of music: tunes as MIDI files, with their pictures and their sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from lstmgen import choices
from lstmgen.cli.compose_options import constraints_of
from lstmgen.cli.options import load_model
from lstmgen.cli.output import Streams, to_json
from lstmgen.cli.request import Request
from lstmgen.cli.sample_options import NOVEL_STRIDE, NOVEL_TRIES
from lstmgen.errors import InputError, UsageError

if TYPE_CHECKING:
    from lstmgen.generation.compose import Tune
    from lstmgen.music.constraints import Constraints
    from lstmgen.music.score import Score
    from lstmgen.runs.trained import TrainedModel

_KINDS: Final = get_args(choices.Rendering)
_SUFFIXES: Final = (".mid", ".midi")
_ROLL_COLUMNS: Final = 100


def is_of_music(model: str) -> bool:
    """Whether a model has learned music; without torch.

    Raises:
        ModelFileError: there is no such model, or it is damaged.
    """
    from lstmgen.checkpoint.model_file import find_model, read_description
    from lstmgen.media.tokenizers import of_scores

    return of_scores(read_description(find_model(model)).tokenizer)


def compose(streams: Streams, request: Request) -> int:
    """Draw the tunes and write them where they belong."""
    constraints = constraints_of(request.own)
    kinds = tuple(kind for kind in _KINDS if request.own.get(kind))
    targets = _targets(request, kinds)
    prompt = _prompt(streams, request, constraints)
    trained = load_model(request.model, **request.runtime)
    streams.say(f"seed: {request.seed}")
    for index in range(request.num_samples):
        tune = _novel_tune(streams, trained, prompt, constraints, request=request, index=index)
        score = _at_tempo(tune.score, request.own.get("bpm"))
        path = targets[index] if targets else None
        _write(streams, score, path, kinds, request)
        if request.json:
            streams.product_line(to_json(_as_object(tune, score, path, request)))
        _tell(streams, trained, tune, score, path)
    return 0


def _novel_tune(
    streams: Streams, trained: TrainedModel, prompt: Score | None, constraints: Constraints, *, request: Request, index: int
) -> Tune:
    """The tune of this number, or the first in its place that copies no more than it may; of none, that which copies least."""
    found: list[tuple[float, int, Tune]] = []
    for attempt in range(1 if request.novel is None else NOVEL_TRIES):
        tune = trained.compose(
            prompt, length=request.length, bars=request.own.get("bars"), seconds=request.own.get("seconds"), seed=request.seed,
            first=index + attempt * NOVEL_STRIDE, constraints=constraints, sampling=request.sampling, echo=request.echo,
        )[0]  # fmt: skip
        if request.novel is None:
            return tune
        found.append((trained.novelty(trained.prepare_tune(tune.score)).copied_share, attempt, tune))
        if found[-1][0] <= request.novel:
            return tune
    least, _, tune = min(found, key=lambda entry: entry[:2])
    streams.say(f"warning: of {NOVEL_TRIES} tunes each copied more than {request.novel:.0%}; this is the one with {least:.0%}")
    return tune


def _targets(request: Request, kinds: tuple[str, ...]) -> list[Path]:
    """The MIDI file of every tune; none where they go to standard output."""
    if request.out is None or request.out == "-":
        if kinds:
            raise UsageError(f"--{kinds[0]} needs a file beside which it is put", remedy=f"-o tune.mid --{kinds[0]}")
        if request.num_samples > 1 and not request.json:
            raise UsageError("several tunes need files of their own", remedy=f"--num-samples {request.num_samples} -o tunes/")
        return []
    out = Path(request.out)
    if request.out.endswith(("/", "\\")) or out.is_dir():
        names = [out / f"{number:0{len(str(request.num_samples))}d}.mid" for number in range(1, request.num_samples + 1)]
    elif out.suffix.lower() not in _SUFFIXES:
        raise UsageError(
            f"-o {request.out}: a tune is written as MIDI, expected a name that ends in .mid, or a folder",
            remedy=f"-o {out.with_suffix('.mid')}",
        )
    else:
        several = request.num_samples > 1
        names = [out.with_name(f"{out.stem}-{number}{out.suffix}") if several else out for number in range(1, request.num_samples + 1)]
    given = request.prompt_file
    if given not in {None, "-"} and any(name.exists() and name.samefile(str(given)) for name in names):
        raise UsageError(f"-o {request.out} would write over the tune that is continued", remedy="choose another name")
    return names


def _prompt(streams: Streams, request: Request, constraints: Constraints) -> Score | None:
    from lstmgen.music.midi.reader import MidiError, read_midi
    from lstmgen.music.typed import parse_tune

    file = request.prompt_file
    if request.prompt is not None:
        return parse_tune(request.prompt, program=min(constraints.programs or {0}))
    if file is None:
        return None
    try:
        content = streams.stdin.read() if file == "-" else Path(file).read_bytes()
        reading = read_midi(content)
    except OSError as error:
        raise InputError(f"the prompt cannot be read from {file}: {error.strerror}", remedy="-f FILE.mid") from error
    except MidiError as error:
        raise InputError(f"{file}: {error.message}", remedy="-f FILE.mid, a tune to go on with") from error
    for finding in reading.findings:
        streams.say(f"note: {file}: {finding.reason}")
    return reading.score


def _at_tempo(score: Score, bpm: float | None) -> Score:
    from lstmgen.music.score import TempoMap

    return score if bpm is None else score.changed(tempos=TempoMap.of([(0, max(1, round(60e6 / bpm)))]))


def _write(streams: Streams, score: Score, path: Path | None, kinds: tuple[str, ...], request: Request) -> None:
    from lstmgen.music.midi.writer import to_midi_bytes, write_midi

    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_midi(score, path)
        for kind in kinds:
            from lstmgen.music.rendering import render_file

            render_file(score, path.with_suffix(f".{kind}"), title=path.stem)
    elif request.json:
        return
    elif streams.out_is_terminal and request.out is None:
        from lstmgen.music.roll import draw_terminal

        streams.own_line(draw_terminal(score, width=_ROLL_COLUMNS, colour=streams.out_colour))
        streams.say("this is how it looks; -o tune.mid keeps it")
    else:
        streams.product_bytes(to_midi_bytes(score))


def _tell(streams: Streams, trained: TrainedModel, tune: Tune, score: Score, path: Path | None) -> None:
    where = f"wrote {path}: " if path is not None else ""
    loudest = int(score.notes.velocity.max()) if len(score.notes) else 0
    streams.say(f"{where}{tune.notes:,} notes, {tune.bars:g} bars, {score.duration_s:.1f} s, loudest velocity {loudest}")
    for warning in (*tune.warnings, *_heard(score)):
        streams.say(f"warning: {warning}")
    surprise = f"{tune.nats_per_token:.3f} nats a token" if tune.nats_per_token is not None else "nothing drawn"
    streams.explain(f"tune {tune.index}: ended by {tune.ended} after {tune.tokens:,} tokens, {surprise}; {trained.path}")


def _heard(score: Score) -> Iterator[str]:
    from lstmgen.analysis.listening import warnings_of

    yield from warnings_of(score)


def _as_object(tune: Tune, score: Score, path: Path | None, request: Request) -> dict[str, Any]:
    return {
        "index": tune.index,
        "seed": tune.seed,
        "prompt": request.prompt or request.prompt_file,
        "file": None if path is None else str(path),
        "notes": tune.notes,
        "seconds": round(score.duration_s, 3),
        "bars": tune.bars,
        "tokens": tune.tokens,
        "nats_per_token": tune.nats_per_token,
        "ended": tune.ended,
        "warnings": [*tune.warnings, *_heard(score)],
    }
