"""Commands as plain data, and the one place where typer is told of them: options become flags, and what was typed becomes values."""

from __future__ import annotations

import importlib
import inspect
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import typer
import typer.main

import lstmgen
from lstmgen.cli.help import COMMON_PANEL, SuggestingGroup, of_context
from lstmgen.cli.values import values_of
from lstmgen.errors import UsageError
from lstmgen.options import Option


@dataclass(frozen=True)
class Action:
    """A switch that does something at once, after which the program ends."""

    option: Option
    act: Callable[[typer.Context], None]


@dataclass(frozen=True)
class Elsewhere:
    """A command whose module is loaded when it is asked for: all of them together take longer to load than most commands run.

    Attributes:
        name: how it is typed.
        home: its module, and the name of the record there where that is not `COMMAND`.
    """

    name: str
    home: str

    def found(self) -> Command:
        """The command."""
        module, _, record = self.home.partition(":")
        return getattr(importlib.import_module(module), record or "COMMAND")


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command, or a group of commands.

    Attributes:
        name: how it is typed.
        run: called with the streams and one keyword for each option; of a group where none of its commands is named, and without it the
            help is shown. It returns the exit code, or None for 0.
        help: what it does; its first paragraph is the summary. By default the docstring of `run`.
        examples: command lines with comments.
        options: what may be given, in the order of the help; a function where that depends on the media that there are.
        actions: switches that do something else.
        commands: those of a group.
        tells_variables: whether `run` is told as `variables` which options were read from the environment.
    """

    name: str
    run: Callable[..., int | None] | None = None
    help: str = ""
    examples: tuple[str, ...]
    options: tuple[Option, ...] | Callable[[], tuple[Option, ...]] = ()
    actions: tuple[Action, ...] = ()
    commands: tuple[Command | Elsewhere, ...] = ()
    tells_variables: bool = False


def _show_help(context: typer.Context) -> None:
    context.find_root().obj.own_line(of_context(context))


# Ours, because typer's own would load pydantic with every command.
_HELP: Final = Action(Option(name="help", flags="-h --help", type=bool, help="Show this text.", panel=COMMON_PANEL), _show_help)
_COMMON: Final = tuple(
    Option(name=name, flags=flags, type=bool, help=text, panel=COMMON_PANEL)
    for name, flags, text in (
        ("quiet", "-q --quiet", "Print nothing but the result and errors."),
        ("verbose", "-v --verbose", "Explain each step."),
        ("debug", "--debug", "Show the traceback of an error."),
        ("no_color", "--no-color", "No colour and no animation, like NO_COLOR=1."),
    )
)


def build(command: Command, *, completion: bool = False) -> Any:
    """A command and those below it as typer's command objects; `completion` makes it answer the questions of a shell."""
    texts = {
        "help": inspect.cleandoc(command.help or (command.run and command.run.__doc__) or ""),
        "epilog": "\n".join(command.examples),
        "add_help_option": False,
    }
    settings: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "add_completion": completion}
    if not command.commands:
        app = typer.Typer(**settings)
        app.command(command.name, **texts)(_function(command))
        return _as_typed(typer.main.get_command(app))
    app = typer.Typer(name=command.name, cls=SuggestingGroup, invoke_without_command=True, **texts, **settings)
    app.callback()(_function(command))
    group: Any = _as_typed(typer.main.get_command(app))
    group.commands = _Built(command.commands)
    return group


class _Built(Mapping[str, Any]):
    """Commands by name, each built when it is asked for: all of them take longer than most commands do."""

    def __init__(self, commands: tuple[Command | Elsewhere, ...]) -> None:
        self._described = {command.name: command for command in commands}
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            command = self._described[name]
            self._built[name] = build(command.found() if isinstance(command, Elsewhere) else command)
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._described)

    def __len__(self) -> int:
        return len(self._described)


class _AsTyped:
    """What typer asks to convert a value: it stays the text that was typed."""

    @staticmethod
    def coerce(value: Any, param: Any, ctx: Any) -> Any:  # noqa: ARG004 - the signature that typer calls
        return value


def _as_typed(command: Any) -> Any:
    """The same command, whose values typer does not convert: it would load pydantic for that, and `values` reads them anyway."""
    for parameter in command.params:
        if hasattr(parameter, "_runtime_param"):
            vars(parameter)["_runtime_param"] = _AsTyped()
    return command


def _function(command: Command) -> Callable[..., Any]:
    """What typer calls, with the signature that it reads the options from."""
    options = command.options() if callable(command.options) else command.options

    def call(**typed: Any) -> int | None:
        context = typed["context"]
        root = context.find_root()
        common = values_of(root.info_name, _COMMON, typed, os.environ)
        streams = root.obj = root.obj.adjusted(**common.by_name)
        streams.explain(f"lstmgen {lstmgen.__version__}, Python {platform.python_version()}: {context.command_path}")
        if command.commands and context.invoked_subcommand is not None:
            return None
        if command.run is None:
            return _show_help(context)
        values = values_of(context.command_path, options, {option.name: typed[_identifier(option)] for option in options}, os.environ)
        more = {"variables": values.variables} if command.tells_variables else {}
        try:
            return command.run(streams, **values.by_name, **more)
        except UsageError as error:
            raise values.named(error, options) from error

    actions = (*command.actions, _HELP)
    parameters = [
        inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
        *map(_parameter, options),
        *(_parameter(action.option, action.act) for action in actions),
        *map(_parameter, _COMMON),
    ]
    vars(call)["__signature__"] = inspect.Signature(parameters)
    return call


def _parameter(option: Option, act: Callable[[typer.Context], None] | None = None) -> inspect.Parameter:
    told: dict[str, Any] = {
        "help": option.help + _shown_default(option),
        "metavar": option.unit or "|".join(option.choices) or None,
        "rich_help_panel": option.panel or None,
        "autocompletion": option.complete or ((lambda: list(option.choices)) if option.choices else None),
    }
    if option.flags:
        told |= {"callback": _at_once(act), "is_eager": True} if act else {}
        declared = typer.Option(False if option.is_switch else None, *option.flags.split(), **told)
    else:
        declared = typer.Argument(... if option.required else None, **told)
    # Values are read by us; see `_as_typed`.
    kind: Any = bool if option.type is bool else str
    kind = list[kind] if option.repeated else kind
    return inspect.Parameter(_identifier(option), inspect.Parameter.KEYWORD_ONLY, default=declared, annotation=kind)


def _at_once(act: Callable[[typer.Context], None]) -> Callable[..., None]:
    def callback(context: typer.Context, value: bool) -> None:  # noqa: FBT001 - the signature that typer calls
        if value:
            act(context)
            raise typer.Exit

    return callback


def _identifier(option: Option) -> str:
    return option.name.replace(".", "__")


def _shown_default(option: Option) -> str:
    if option.default is None or isinstance(option.default, bool):
        return ""
    return f" [{option.default:g}]" if isinstance(option.default, float) else f" [{option.default}]"
