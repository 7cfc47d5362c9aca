"""Help texts: examples first, then what may be given, in groups.

The same text is shown by `--help` and stands in docs/cli.md.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import typer.core

from lstmgen.cli.failures import nearest
from lstmgen.cli.wording import command
from lstmgen.cli.wrapping import PAGE_COLUMNS, examples, listed, wrapped
from lstmgen.errors import UsageError

DEFAULT_PANEL: Final = "options"
COMMON_PANEL: Final = "everywhere"
_COLUMN: Final = 30
"""Where explanations begin."""

Style = Callable[[str], str]


def render(command: Any, context: Any, *, width: int = PAGE_COLUMNS, heading: Style = str) -> str:
    """The help text of a command or a group of commands.

    Args:
        command: what typer made of a function or an app.
        context: its context, for its path.
        width: columns to wrap at.
        heading: how a heading is written, such as in bold.
    """
    parameters = [item for item in command.get_params(context) if not getattr(item, "hidden", False)]
    arguments = [item for item in parameters if item.param_type_name == "argument"]
    options = [item for item in parameters if item.param_type_name == "option"]
    commands = getattr(command, "commands", {})
    usage = " ".join([context.command_path, *(_place(item) for item in arguments), *(["COMMAND"] if commands else []), "[options]"])
    summary, *paragraphs = [" ".join(part.split()) for part in inspect.cleandoc(command.help or "").split("\n\n")]
    lines = [*wrapped(summary, width), ""]
    if command.epilog:
        lines += _section("examples", examples(command.epilog.splitlines(), width), heading)
    lines += [*(line.replace("usage:", heading("usage:"), 1) for line in wrapped(f"usage: {usage}", width)), ""]
    for paragraph in paragraphs:
        lines += [*wrapped(paragraph, width), ""]
    if commands:
        rows = [(name, inspect.cleandoc(item.help or "").split("\n\n")[0]) for name, item in commands.items()]
        lines += _section("commands", _table(rows, width), heading)
    if arguments:
        lines += _section("arguments", _table([(_place(item), item.help or "") for item in arguments], width), heading)
    for panel in _panels(options):
        rows = [(_flags(item), item.help or "") for item in options if _panel(item) == panel]
        lines += _section("\n".join(wrapped(panel, width - 1)), _table(rows, width), heading)
    return "\n".join(lines).rstrip("\n")


def _section(title: str, body: list[str], heading: Style) -> list[str]:
    return [heading(f"{title}:"), *body, ""]


def _panel(option: Any) -> str:
    return option.rich_help_panel or DEFAULT_PANEL


def _panels(options: Sequence[Any]) -> list[str]:
    """The groups in order of first appearance, what every command has at the end."""
    found = dict.fromkeys(_panel(item) for item in options)
    return sorted(found, key=lambda panel: panel == COMMON_PANEL)


def _place(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def _flags(option: Any) -> str:
    """`-o, --out DIR`; short names first, switches with their opposites."""
    names = sorted(option.opts, key=lambda name: name.startswith("--"))
    text = ", ".join(names)
    if option.secondary_opts:
        text += "/" + option.secondary_opts[0]
    return text if option.is_flag or not option.metavar else f"{text} {option.metavar}"


def _table(rows: Sequence[tuple[str, str]], width: int) -> list[str]:
    column = min(_COLUMN, max(len(name) for name, _ in rows) + 4)
    return list(listed([(name, " ".join(text.split())) for name, text in rows], width, column=column, indent=2))


def of_context(context: Any) -> str:
    """The help text of the command that a context belongs to, for the terminal at hand."""
    streams = context.find_root().obj
    return render(
        context.command,
        context,
        width=min(streams.out_columns - 1, PAGE_COLUMNS),
        heading=(lambda text: f"\x1b[1m{text}\x1b[0m") if streams.out_colour else str,
    )


class SuggestingGroup(typer.core.TyperGroup):
    """A group of commands that names the nearest one when there is none of that name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first word names.

        Raises:
            UsageError: there is no such command.
        """
        if args[0] not in self.commands and not args[0].startswith("-"):
            match = nearest(args[0], list(self.commands))
            remedy = f"{ctx.command_path} {match}" if match else f"{ctx.command_path} --help"
            if not match and Path(args[0]).exists():
                remedy = command("train", args[0])
            raise UsageError(f"{ctx.command_path} has no command {args[0]!r}", remedy=remedy)
        return super().resolve_command(ctx, args)
