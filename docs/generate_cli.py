"""Writes docs/cli.md from the help texts; `make docs` runs it, and a test fails while the two differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from lstmgen import config
from lstmgen.cli import root_command
from lstmgen.cli.help import render
from lstmgen.cli.settings import settings_options

TARGET = Path(__file__).with_name("cli.md")

_HEAD = """# The command line

This page is made by `docs/generate_cli.py` from what `--help` says; change the help, then run `make docs`.

Standard output carries the product, such as generated text, a table or JSON, and nothing else; everything else goes to standard error.
Every failure is one `error:` line and one `try:` line.

| exit code | meaning |
|---|---|
| 0 | done; also when the reader of a pipe had enough |
| 1 | something unexpected; `--debug` shows where |
| 2 | the command line is wrong, or an optional package is missing |
| 3 | the input was refused: a text, a model file, a prompt |
| 4 | the machine: memory, disk, device, network |
| 5 | training diverged |
| 6 | another process uses the run folder |
| 130, 143 | stopped by Ctrl-C, or by SIGTERM or SIGHUP; a training run has saved itself |

`NO_COLOR`, `TERM=dumb` and anything that is not a terminal switch colour and animation off; `FORCE_COLOR` switches colour on. Downloads and
prepared texts are kept in `$LSTMGEN_HOME`, else under `$XDG_CACHE_HOME`, else where the system keeps caches.
"""


def commands() -> Iterator[tuple[str, str]]:
    """Every command's path and help text, the whole program first."""
    root = root_command()
    yield from _walk(root, typer.Context(root, info_name="lstmgen"))


def _walk(command: Any, context: typer.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, render(command, context)
    for name, child in getattr(command, "commands", {}).items():
        yield from _walk(child, typer.Context(child, parent=context, info_name=name))


def settings_table() -> str:
    """Every setting that `-c` and `--set` reach, with its default and its option."""
    flags = {option.name: option.flags.split()[0] for option in settings_options()}
    rows = ["| setting | default | option |", "|---|---|---|"]
    for section, values in config.Config().to_dict().items():
        for key, value in values.items():
            option = f"`{flags[f'{section}.{key}']}`" if f"{section}.{key}" in flags else ""
            shown = str(value).lower() if isinstance(value, bool) else value
            rows.append(f"| `{section}.{key}` | {'' if value in (None, []) else f'`{shown}`'} | {option} |")
    return "\n".join(rows)


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    parts += [f"## {path}\n\n```text\n{text}\n```\n" for path, text in commands()]
    parts.append(
        "## Settings\n\nWhat `-c FILE.toml` and `--set section.key=value` reach. "
        "Where no default stands, the preset or the corpus decides.\n\n"
        f"{settings_table()}\n"
    )
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
