"""Many prompts in one file: one a line, or JSON lines. No torch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Final

from lstmgen.errors import InputError

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_JSON_LINES: Final = (".jsonl", ".ndjson")
_KEY: Final = "prompt"


def parse_prompts(text: str, *, name: str, meant: Callable[[str], str] = str) -> tuple[str, ...]:
    """The prompts of a file, in order; lines without a character are none.

    JSON lines are recognised by the ending of the file's name, or by braces around every line. Each is a text, or an object that has one as
    its `prompt`; what else it says does not matter.

    Args:
        text: of the file.
        name: of the file.
        meant: what a line stands for that is no JSON.

    Raises:
        InputError: there is no prompt, or a line of JSON holds none.
    """
    lines = [(number, line) for number, line in enumerate(_LINE_END.split(text), 1) if line]
    if PurePath(name).suffix.lower() in _JSON_LINES or (lines and all(line[0] + line.rstrip()[-1:] == "{}" for _, line in lines)):
        found = tuple(_of_json(lines, name))
    else:
        found = tuple(meant(line) for _, line in lines)
    if not found:
        raise InputError(f"there is no prompt in {name}", remedy="write one a line")
    return found


def _of_json(lines: list[tuple[int, str]], name: str) -> Iterator[str]:
    for number, line in lines:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        prompt = value.get(_KEY) if isinstance(value, dict) else value
        if not isinstance(prompt, str):
            raise InputError(f"line {number} of {name} is no JSON that holds a prompt", remedy='write {"prompt": "How it begins"}')
        yield prompt
