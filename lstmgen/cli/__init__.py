"""The command line: one file per command, which parses, calls the Python interface and renders.

Nothing heavy is imported before a command needs it: `--help`, `--version`, `corpora` and every mistake in the arguments are answered
without torch.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import MutableMapping, Sequence
from types import FrameType
from typing import Any, Final

import typer
import typer.main

import lstmgen
from lstmgen.cli.command import Action, Command, Elsewhere, build
from lstmgen.cli.failures import EXIT_INTERRUPT, EXIT_TERMINATED, Terminated, explain, report
from lstmgen.cli.group import check_command, helps, lingering, silenced
from lstmgen.cli.output import Streams
from lstmgen.errors import UsageError
from lstmgen.options import Option

_EXAMPLES = (
    "lstmgen demo                                        # a minute and a half: learn, write, measure",
    "lstmgen train story.txt                             # five minutes; kept in checkpoints/story",
    'lstmgen sample checkpoints/story -p "Once"          # text in its style',
    "lstmgen score checkpoints/story other.txt           # how well it predicts another text",
    "lstmgen render tune.mid -o tune.png -o tune.wav     # a tune as a picture and as sound",
)


def _complete(argument: str) -> None:
    """Hand over to typer, whose own options for completion would load pydantic with every command."""
    helper = typer.Typer(invoke_without_command=True)
    helper.callback()(lambda: None)
    typer.main.get_command(helper).main(args=[argument], prog_name="lstmgen", standalone_mode=False)


def _complete_for(argument: str, shell: str, streams: Streams) -> int:
    """What `--show-completion SHELL` and `--install-completion SHELL` do: the same for a shell that is not the one at hand."""
    import typer.completion

    completion: Any = typer.completion
    if shell not in _SHELLS:
        raise UsageError(f"{argument}: expected one of {', '.join(_SHELLS)}, found {shell!r}", remedy=f"lstmgen {argument} {_SHELLS[0]}")
    if argument == _SHOW:
        streams.own_line(completion.get_completion_script(prog_name="lstmgen", complete_var=_COMPLETE_VARIABLE, shell=shell))
    else:
        _, path = completion.install(shell=shell, prog_name="lstmgen", complete_var=_COMPLETE_VARIABLE)
        streams.say(f"{shell} completion is installed in {path}; it takes effect in the next terminal")
    return 0


def _show_version(context: typer.Context) -> None:
    context.find_root().obj.own_line(f"lstmgen {lstmgen.__version__}")


_SHOW: Final = "--show-completion"
_INSTALL: Final = "--install-completion"
_SHELLS: Final = ("bash", "zsh", "fish", "powershell", "pwsh")
_COMPLETE_VARIABLE: Final = "_LSTMGEN_COMPLETE"

_COMMANDS: Final = (
    *("train", "sample", "infill", "harmonize", "restore", "predict", "score", "inspect"),
    *("render", "info", "runs", "corpora", "demo", "lab", "bench"),
)
_HOMES: Final = {"harmonize": "infill:HARMONIZE"}

_ROOT: Final = Command(
    name="lstmgen",
    help="""Train LSTM language models on text or MIDI files, and generate from them.

    Every option can be given by a variable too: LSTMGEN_TRAIN_MAX_TIME=10m stands for lstmgen train --max-time 10m, and
    LSTMGEN_QUIET=1 for -q. What is typed wins, and an empty variable counts for nothing.""",
    examples=_EXAMPLES,
    actions=tuple(
        Action(Option(name=name, flags=f"--{name.replace('_', '-')}", type=bool, help=text), act)
        for name, text, act in (
            ("version", "Show the version.", _show_version),
            (
                "install_completion",
                "Install completion for your shell, or for SHELL: --install-completion zsh.",
                lambda _: _complete(_INSTALL),
            ),
            (
                "show_completion",
                "Show the completion script of your shell, or of SHELL: --show-completion zsh.",
                lambda _: _complete(_SHOW),
            ),
        )
    ),
    commands=tuple(Elsewhere(name, f"lstmgen.cli.{_HOMES.get(name, name)}") for name in _COMMANDS),
)


def root_command(*, completion: bool = False) -> Any:
    """The command line as typer's command object, for running it and for its documentation."""
    return build(_ROOT, completion=completion)


def run(argv: Sequence[str]) -> int:
    """Run one command line in this process; returns the exit code and raises nothing."""
    streams = Streams.of_process(os.environ)
    streams = streams.adjusted(
        quiet=False, verbose=False, debug="--debug" in argv or bool(os.environ.get("LSTMGEN_DEBUG")), no_color="--no-color" in argv
    )
    try:
        streams = silenced(streams) if helps() else streams
        check_command(argv)
        if len(argv) == 2 and argv[0] in {_SHOW, _INSTALL} and not argv[1].startswith("-"):
            return _complete_for(argv[0], argv[1], streams)
        with root_command().make_context("lstmgen", list(argv), obj=streams) as context:
            return context.command.invoke(context) or 0
    except typer.Exit as leave:
        return leave.exit_code
    except SystemExit as leave:  # only typer's own options for completion leave in this way
        return leave.code if isinstance(leave.code, int) else 1
    except BrokenPipeError:
        _discard_stdout()
        return 0
    except (Exception, KeyboardInterrupt) as error:
        if streams.debug:
            import traceback

            for line in "".join(traceback.format_exception(error)).splitlines():
                streams.insist(line)
        names = {command.name for command in _ROOT.commands}
        return report(explain(error, path=" ".join(["lstmgen", *(word for word in argv[:1] if word in names)])), streams)


def main() -> None:
    """The `lstmgen` program."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # pyright: ignore[reportAttributeAccessIssue]
    if not sys.warnoptions:
        import warnings

        warnings.simplefilter("ignore")
    _wait_politely(os.environ)
    if os.environ.get(_COMPLETE_VARIABLE):
        root_command(completion=True).main(prog_name="lstmgen", standalone_mode=False)
    _unwind_when_terminated()
    code = run(sys.argv[1:])
    if helps():
        code = lingering(code)
    if code in {EXIT_INTERRUPT, EXIT_TERMINATED}:
        _leave_quietly()
    sys.exit(code)


def _leave_quietly() -> None:
    """What Python tidies up at its end is not interrupted once more."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, signal.SIG_IGN)


def _wait_politely(environ: MutableMapping[str, str]) -> None:
    """Lets torch's threads sleep soon when they wait for each other, instead of spinning.

    It costs nothing on a quiet machine; where another program takes a part of a core, training was seen to go several times faster. It
    has to be said before torch is loaded. Whoever has set the waiting policy themselves keeps it.
    """
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & environ.keys():
        environ["GOMP_SPINCOUNT"] = "1000"


def _discard_stdout() -> None:
    """Nobody reads standard output any more: what is still buffered goes nowhere, instead of complaining when the process ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _unwind_when_terminated() -> None:
    """SIGTERM and SIGHUP unwind the program like Ctrl-C does; what was ignored, as under nohup, stays ignored."""

    def unwind(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise Terminated

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, unwind)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
