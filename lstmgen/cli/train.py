"""`lstmgen train`: from text to a model."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

import lstmgen
from lstmgen import api, choices, run_files
from lstmgen.api import Prepared, Stopped
from lstmgen.cli.command import Action, Command
from lstmgen.cli.complete import corpora_and_files, models, paths
from lstmgen.cli.group import ECHO_S, assist, helps, joined, leading
from lstmgen.cli.interrupts import SafeStop, leaving_at_once
from lstmgen.cli.options import STANDARD_INPUT, TENSORBOARD, cache, typed_to_the_end
from lstmgen.cli.output import Streams, Styled
from lstmgen.cli.plan import show_plan
from lstmgen.cli.processes import reading_pool
from lstmgen.cli.progress import closing_lines, short_path
from lstmgen.cli.rate_test import show_rate_test
from lstmgen.cli.settings import combine, settings_options, settings_table
from lstmgen.cli.wording import command
from lstmgen.errors import UsageError
from lstmgen.options import Option

_EXAMPLES: Final = (
    "lstmgen train story.txt                             # five minutes; checkpoints/story",
    "lstmgen train notes/ 'books/*.txt' -o RUN --max-time 30m",
    "lstmgen train names.txt --documents line            # each line a document",
    "lstmgen train python-source --tokenizer bpe         # a corpus that lstmgen corpora lists",
    "cat *.txt | lstmgen train - --max-steps 200 --json  # from a pipe, for a script",
    "lstmgen train --resume RUN --max-time 2h            # resume where it stopped, with more time",
    "lstmgen train story.txt --lr-range -o rates.svg     # which learning rate?",
    "lstmgen train poems.txt --init-from RUN             # a new run from the weights of another",
)

_RESUMING: Final = "resuming"
_OUTPUT: Final = "output"
_SETTINGS: Final = "settings"
_OPTIONS: Final = (
    Option(
        name="sources",
        unit="SOURCE...",
        repeated=True,
        help="Files, folders, globs, - for standard input, or names of corpora.",
        complete=corpora_and_files,
    ),
    Option(
        name="out",
        flags="-o --out",
        unit="RUN",
        help=f"Run folder; {run_files.RUNS}/NAME of the source where not given.",
        panel=_OUTPUT,
        complete=paths,
    ),
    Option(name="overwrite", flags="--overwrite", type=bool, help="Replace the run that is in the folder.", panel=_OUTPUT),
    Option(name="json", flags="--json", type=bool, help="End with one line of JSON on standard output.", panel=_OUTPUT),
    TENSORBOARD,
    Option(
        name="dry_run",
        flags="--dry-run",
        type=bool,
        help="Read the sources and say what the run would be, how long and how large, without training.",
        panel=_OUTPUT,
    ),
    Option(
        name="lr_range",
        flags="--lr-range",
        type=bool,
        help="Try learning rates from 1e-5 to 1 on a network that is thrown away, show the loss, and suggest one; -o FILE.svg draws it.",
        panel=_OUTPUT,
    ),
    Option(
        name="resume",
        flags="--resume",
        unit="RUN",
        help="Resume this run exactly where it stopped; it knows its sources. A budget given with it replaces the old one.",
        panel=_RESUMING,
        complete=models,
    ),
    Option(
        name="init_from",
        flags="--init-from",
        unit="MODEL",
        help="Begin a new run with the weights of this model; new symbols are added.",
        panel=_RESUMING,
        complete=models,
    ),
    Option(
        name="pause_after",
        flags="--pause-after",
        type=int,
        unit="STEPS",
        low=1,
        help="End this sitting after so many steps, with a complete checkpoint and the schedule untouched; --resume continues.",
        panel=_RESUMING,
    ),
    Option(
        name="config",
        flags="-c --config",
        type=Path,
        unit="FILE.toml",
        help=f"Settings, such as the {run_files.CONFIG} of a run.",
        complete=paths,
        panel=_SETTINGS,
    ),
    Option(
        name="assignments",
        flags="--set",
        unit="section.key=value",
        repeated=True,
        help="Any setting; may be repeated. An option wins over --set, --set over the file.",
        panel=_SETTINGS,
    ),
)


_SHOW_SETTINGS: Final = Action(
    Option(
        name="show_settings",
        flags="--settings",
        type=bool,
        help="List every setting that --set takes, with its type, bounds, default and option.",
        panel=_SETTINGS,
    ),
    lambda context: context.find_root().obj.own_line("\n".join(settings_table())),
)


def train(
    streams: Streams,
    *,
    sources: tuple[str, ...],
    out: str | None,
    overwrite: bool,
    json: bool,
    resume: str | None,
    init_from: str | None,
    pause_after: int | None,
    config: Path | None,
    assignments: tuple[str, ...],
    tensorboard: Path | None,
    dry_run: bool,
    lr_range: bool,
    variables: Mapping[str, str],
    **values: Any,
) -> int:
    """Train a model on text or MIDI files, and keep the best.

    Everything needed to use the model is in RUN/model.safetensors; Ctrl-C saves and says how to resume.
    """
    given = {key: value for key, value in values.items() if value is not None}
    usual = {key: given.pop(key) for key in variables if key in given}
    if resume is not None:  # what usually holds for new runs is no change of this one
        usual = {key: value for key, value in usual.items() if key.startswith("runtime.")}
    settings = combine(given, assignments, config, usual=usual)
    named_in_settings = settings.pop("data.sources", ())
    chosen = tuple(sources or named_in_settings)
    _check_call(chosen, out=out, overwrite=overwrite, resume=resume, init_from=init_from)
    _check_looks(chosen, out=out, resume=resume, dry_run=dry_run, lr_range=lr_range)
    if tensorboard is not None:
        api.require_tensorboard()
    if helps():
        return 0 if dry_run or lr_range else assist(debug=streams.debug)
    if STANDARD_INPUT in chosen:
        streams = typed_to_the_end(streams, "the text")
    call = {"sources": chosen, "settings": settings, "init_from": init_from}
    if dry_run:
        show_plan(streams, call, json=json)
        return 0
    if lr_range:
        show_rate_test(streams, call, out=out, json=json)
        return 0
    call |= {"out": out, "resume": resume, "overwrite": overwrite, "pause_after": pause_after}
    group = joined()
    with leading(group):
        exit_code, stopped, run = follow(streams, tensorboard=tensorboard, group=group, **call)
    if json:
        streams.object_line(stopped.summary)
    tell_end(streams, stopped, run, exit_code=exit_code, paused=pause_after is not None)
    return exit_code


COMMAND: Final = Command(
    name="train",
    run=train,
    examples=_EXAMPLES,
    options=lambda: (*_OPTIONS, *settings_options()),
    actions=(_SHOW_SETTINGS,),
    tells_variables=True,
)


def _check_call(sources: tuple[str, ...], *, out: str | None, overwrite: bool, resume: str | None, init_from: str | None) -> None:
    """Refuse what cannot be meant, before anything is read."""
    if resume is None:
        if not sources:
            raise UsageError(
                "there is nothing to learn from: no SOURCE was given", remedy="lstmgen train FILE, or lstmgen corpora for what is there"
            )
        for source in sources:
            if run_files.holds_run(Path(source)):
                raise UsageError(
                    f"{source} is the folder of a run, expected text to learn from", remedy=command("train", "--resume", source)
                )
        return
    for given, name in ((sources, "a SOURCE"), (out, "--out"), (init_from, "--init-from"), (overwrite, "--overwrite")):
        if given:
            raise UsageError(
                f"--resume continues a run with its own settings, so {name} cannot be given with it",
                remedy=f"{command('train', '--resume', resume)}; or --init-from for a new run from its weights",
            )


def _check_looks(sources: tuple[str, ...], *, out: str | None, resume: str | None, dry_run: bool, lr_range: bool) -> None:
    """Refuse what does not go with the options that train nothing."""
    if dry_run and resume is not None:
        raise UsageError("a resumed run keeps its plan, so --dry-run has nothing to say", remedy=command("info", resume))
    if not lr_range:
        return
    if dry_run or resume is not None:
        other = "--dry-run" if dry_run else "--resume"
        raise UsageError(f"--lr-range tries rates on a new network, so {other} cannot be given with it", remedy=f"leave {other} out")
    kinds = [f".{kind}" for kind in get_args(choices.CurvePicture)]
    if out is not None and Path(out).suffix.lower() not in kinds:
        expected = " or ".join(kinds)
        raise UsageError(
            f"--lr-range keeps no run, and {out!r} is no picture: expected {expected}",
            remedy=command("train", *sources, "--lr-range", "-o", f"rates{kinds[0]}"),
        )


def follow(
    streams: Streams, *, tensorboard: Path | None = None, group: api.ProcessGroup = api.ALONE, **call: Any
) -> tuple[int, Stopped, str]:
    """Run `lstmgen.train` and show its events; returns the exit code, how it ended, and the run folder.

    Until the first step there is nothing to save, so a signal simply ends it; from then on it asks for a safe stop.

    Args:
        streams: where to show them; standard input is the source `-`.
        tensorboard: where event files are written too, in a folder of the run's name.
        group: the processes that train; this one leads.
        call: the arguments of `lstmgen.train`.
    """
    from lstmgen.cli.ui import open_display

    started_at = time.monotonic()
    display = open_display(streams)
    stopped, prepared, signals, files = None, None, None, None
    try:
        with contextlib.ExitStack() as stack:
            with leaving_at_once(display.release):
                train = lstmgen.train
            training = train(
                stdin=streams.stdin,
                cache=cache(),
                executor=reading_pool(),
                progress=display.preparing,
                started_at=started_at,
                sample_columns=display.sample_columns,
                group=group,
                **call,
            )
            for event in training:
                display.show(event)
                if isinstance(event, Prepared):
                    prepared = event
                    signals = stack.enter_context(SafeStop(training.stop, display, echo_s=ECHO_S if group.size > 1 else 0.0))
                    if tensorboard is not None:
                        folder = tensorboard / Path(event.run).resolve().name
                        files = stack.enter_context(api.EventFiles(folder, first_step=event.resumed_at_step))
                if files is not None:
                    files.take(event)
                if isinstance(event, Stopped):
                    stopped = event
    except KeyboardInterrupt:
        tell_early_end(streams, resumed=call.get("resume"), prepared=prepared)
        raise
    finally:
        display.close()
    if prepared is None or signals is None or stopped is None:
        raise RuntimeError("the training run ended without saying how")
    return signals.exit_code, stopped, prepared.run


def tell_early_end(streams: Streams, *, resumed: str | None, prepared: Prepared | None) -> None:
    """Say what there is after Ctrl-C before the first step of this sitting."""
    run = short_path(prepared.run) if prepared is not None else resumed
    if run is None:
        streams.say("stopped before the first step; there is nothing to keep")
        return
    streams.say(f"stopped before the first {'new ' if resumed else ''}step; the run in {run} is as it was")
    streams.say(Styled("green", "try:"), command("train", "--resume", run))


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
    """Say that the run ended early, that nothing is lost, and how to resume."""
    tell = streams.insist if insist else streams.say
    tell(f"{cause} after step {stopped.step:,}; everything is saved in {short_path(run)}")
    tell(Styled("green", "try:"), command("train", "--resume", short_path(run)))
