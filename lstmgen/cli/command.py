"""What makes a function a command: the streams as its first argument, and the options that every command has."""

from __future__ import annotations

import functools
import inspect
import platform
import typing
from collections.abc import Callable
from typing import Annotated, Any

import typer

import lstmgen
from lstmgen.cli.help import COMMON_PANEL, SuggestingGroup, of_context
from lstmgen.cli.output import Streams

Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but the product and errors.", rich_help_panel=COMMON_PANEL)]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Explain what is done, and why.", rich_help_panel=COMMON_PANEL)]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.", rich_help_panel=COMMON_PANEL)]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colour and no animation, like NO_COLOR=1.", rich_help_panel=COMMON_PANEL)]


def _show_help(context: typer.Context, value: bool) -> None:  # noqa: FBT001 - the signature that typer calls
    if value:
        context.find_root().obj.own_line(of_context(context))
        raise typer.Exit


Help = Annotated[
    bool, typer.Option("-h", "--help", callback=_show_help, is_eager=True, help="Show this text.", rich_help_panel=COMMON_PANEL)
]
"""Ours, because typer's own would load pydantic with every command."""

_COMMON: dict[str, Any] = {"help": Help, "quiet": Quiet, "verbose": Verbose, "debug": Debug, "no_color": NoColor}


def new_app(help_text: str, *, examples: tuple[str, ...] = (), name: str | None = None, completion: bool = False) -> typer.Typer:
    """An empty group of commands; `completion` makes it answer the questions of a shell."""
    return typer.Typer(
        name=name,
        cls=SuggestingGroup,
        help=help_text,
        epilog="\n".join(examples),
        add_help_option=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        invoke_without_command=True,
        add_completion=completion,
    )


def register(app: typer.Typer, name: str, function: Callable[..., Any], *, examples: tuple[str, ...]) -> None:
    """Make a function a command of the app; its docstring is its help."""
    decorate = app.command(name, epilog="\n".join(examples), help=inspect.cleandoc(function.__doc__ or ""), add_help_option=False)
    decorate(with_streams(function))


def with_streams(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as typer sees it: without its first parameter, the streams, and with the options that every command has.

    A parameter whose annotation is `typer.Context` gets the context, as usual.
    """
    hints = typing.get_type_hints(function, include_extras=True)
    own = list(inspect.signature(function).parameters.values())[1:]
    wants = {item.name for item in own}
    parameters = [item.replace(annotation=hints[item.name], kind=item.KEYWORD_ONLY) for item in own]
    if "context" not in wants:
        parameters.insert(0, inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context))
    for name, annotation in _COMMON.items():
        parameters.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=False))

    def call(**values: Any) -> Any:
        root, context_path = values["context"].find_root(), values["context"].command_path
        common = {name: values.pop(name) for name in _COMMON}
        del common["help"]
        streams: Streams = root.obj.adjusted(**common)
        root.obj = streams
        streams.explain(f"lstmgen {lstmgen.__version__}, Python {platform.python_version()}: {context_path}")
        if "context" not in wants:
            del values["context"]
        return function(streams, **values)

    return presented(call, function, parameters)


def presented(call: Callable[..., Any], function: Callable[..., Any], parameters: list[inspect.Parameter]) -> Callable[..., Any]:
    """`call` under the name of `function` and with these parameters, which is what typer looks at."""
    functools.update_wrapper(call, function)
    vars(call)["__signature__"] = inspect.Signature(parameters)
    call.__annotations__ = {item.name: item.annotation for item in parameters}
    return call
