"""`lstmgen train`: from text to a model."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

import lstmgen
from lstmgen.cli.complete import corpora_and_files, models
from lstmgen.cli.interrupts import SafeStop
from lstmgen.cli.output import Streams, one_line, to_json
from lstmgen.cli.processes import reading_pool
from lstmgen.cli.progress import closing_lines, short_path
from lstmgen.cli.settings import combine, takes_settings
from lstmgen.cli.wording import command
from lstmgen.errors import UsageError
from lstmgen.training.events import Prepared, Stopped

EXAMPLES: Final = (
    "lstmgen train story.txt                             # five minutes; checkpoints/story",
    "lstmgen train notes/ 'books/*.txt' -o RUN --max-time 30m",
    "lstmgen train python-source --tokenizer bpe         # a corpus that lstmgen corpora lists",
    "cat *.txt | lstmgen train - --max-steps 200 --json  # from a pipe, for a script",
    "lstmgen train --resume RUN --max-time 2h            # go on exactly where it stood, with more time",
    "lstmgen train poems.txt --init-from RUN             # a new run from the weights of another",
)

_GOING_ON: Final = "going on"
_OUTPUT: Final = "output"

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...",
        help="Files, folders, globs, - for standard input, or names of corpora.",
        autocompletion=corpora_and_files,
    ),
]
Out = Annotated[
    str | None,
    typer.Option("-o", "--out", metavar="RUN", help="Run folder; checkpoints/NAME of the source where not given.", rich_help_panel=_OUTPUT),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the run that is in the folder.", rich_help_panel=_OUTPUT)]
Json = Annotated[bool, typer.Option("--json", help="End with one line of JSON on standard output.", rich_help_panel=_OUTPUT)]
Resume = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Go on exactly where this run stood; it knows its sources. A budget given with it replaces the old one.",
        rich_help_panel=_GOING_ON,
        autocompletion=models,
    ),
]
InitFrom = Annotated[
    str | None,
    typer.Option(
        "--init-from",
        metavar="MODEL",
        help="Begin a new run with the weights of this model; new symbols are added.",
        rich_help_panel=_GOING_ON,
        autocompletion=models,
    ),
]
PauseAfter = Annotated[
    int | None,
    typer.Option(
        "--pause-after",
        metavar="STEPS",
        min=1,
        help="End this sitting after so many steps, with a complete checkpoint and the schedule untouched; --resume goes on.",
        rich_help_panel=_GOING_ON,
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("-c", "--config", metavar="FILE.toml", help="Settings, such as the config.toml of a run.", rich_help_panel="settings"),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="section.key=value",
        help="Any setting; may be repeated. An option wins over --set, --set over the file.",
        rich_help_panel="settings",
    ),
]


@takes_settings
def train(
    streams: Streams,
    *,
    given: dict[str, Any],
    sources: Sources = None,
    out: Out = None,
    overwrite: Overwrite = False,
    json: Json = False,
    resume: Resume = None,
    init_from: InitFrom = None,
    pause_after: PauseAfter = None,
    config: ConfigFile = None,
    assignments: Assignments = None,
) -> int:
    """Learn from text, and keep the best model.

    Everything needed to use the model is in RUN/model.safetensors; Ctrl-C saves and says how to go on.
    """
    settings = combine(given, assignments or (), config)
    named_in_settings = settings.pop("data.sources", ())
    chosen = tuple(sources or named_in_settings)
    _check_call(chosen, out=out, overwrite=overwrite, resume=resume, init_from=init_from)
    if "-" in chosen and streams.in_is_terminal:
        streams.say("reading the text from the terminal; end it with Ctrl-D")
    exit_code, stopped, run = follow(
        streams,
        sources=chosen,
        out=out,
        settings=settings,
        resume=resume,
        init_from=init_from,
        overwrite=overwrite,
        pause_after=pause_after,
    )
    if json:
        streams.product_line(to_json(stopped.summary))
    tell_end(streams, stopped, run, exit_code=exit_code, paused=pause_after is not None)
    return exit_code


def _check_call(sources: tuple[str, ...], *, out: str | None, overwrite: bool, resume: str | None, init_from: str | None) -> None:
    """Refuse what cannot be meant, before anything is read."""
    if resume is None:
        if not sources:
            raise UsageError(
                "there is nothing to learn from: no SOURCE was given", remedy="lstmgen train FILE, or lstmgen corpora for what is there"
            )
        for source in sources:
            if any((Path(source) / name).is_file() for name in ("last.safetensors", "model.safetensors")):
                raise UsageError(
                    f"{source} is the folder of a run, expected text to learn from", remedy=command("train", "--resume", source)
                )
        return
    for given, name in ((sources, "a SOURCE"), (out, "--out"), (init_from, "--init-from"), (overwrite, "--overwrite")):
        if given:
            raise UsageError(
                f"--resume goes on with a run as it was begun, so {name} cannot be given with it",
                remedy=f"{command('train', '--resume', resume)}; or --init-from for a new run from its weights",
            )


def follow(streams: Streams, **call: Any) -> tuple[int, Stopped, str]:
    """Run `lstmgen.train` and show its events; returns the exit code, how it ended, and the run folder.

    Until the first step there is nothing to save, so a signal simply ends it; from then on it asks for a safe stop.

    Args:
        streams: where to show them; standard input is the source `-`.
        call: the arguments of `lstmgen.train`.
    """
    import os

    from lstmgen.cli.ui import open_display
    from lstmgen.storage import cache_folder

    started_at = time.monotonic()
    display = open_display(streams)
    stopped, prepared, signals = None, None, None
    try:
        with contextlib.ExitStack() as stack:
            training = lstmgen.train(
                stdin=streams.stdin,
                cache=cache_folder(os.environ),
                executor=reading_pool(),
                progress=display.preparing,
                started_at=started_at,
                **call,
            )
            for event in training:
                display.show(event)
                if isinstance(event, Prepared):
                    prepared = event
                    signals = stack.enter_context(SafeStop(training.stop, display))
                if isinstance(event, Stopped):
                    stopped = event
    except KeyboardInterrupt:
        if prepared is None:
            streams.say("stopped before the first step; there is nothing to keep")
        raise
    finally:
        display.close()
    if prepared is None or signals is None or stopped is None:
        raise RuntimeError("the training run ended without saying how")
    return signals.exit_code, stopped, prepared.run


def tell_end(streams: Streams, stopped: Stopped, run: str, *, exit_code: int, paused: bool) -> None:
    """Say on standard error how it ended and what to type next; after a signal even with `-q`."""
    if exit_code:
        tell_stop(streams, stopped, run, cause="stopped", insist=True)
    elif paused and stopped.reason == "signal":
        tell_stop(streams, stopped, run, cause="paused", insist=False)
    else:
        for line in closing_lines(stopped.summary, run):
            streams.say(line)


def tell_stop(streams: Streams, stopped: Stopped, run: str, *, cause: str, insist: bool) -> None:
    """Say that the run ended early, that nothing is lost, and how to go on."""
    tell = streams.insist if insist else streams.say
    tell(one_line(f"{cause} after step {stopped.step:,}; everything is saved in {short_path(run)}"))
    tell(f"{streams.styled('green', 'try:')} {one_line(command('train', '--resume', short_path(run)))}")
