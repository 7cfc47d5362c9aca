"""Where a text is cut for sentencepiece: into lines, each with the line ends before it, long ones in bounded parts."""

from __future__ import annotations

import re
from typing import Final

MOST_LINE_ENDS: Final = 64
LONGEST_LINE: Final = 2000
"""Characters."""
_ENDS, _LINE = rf"\n{{0,{MOST_LINE_ENDS}}}", rf"[^\n]{{1,{LONGEST_LINE}}}"
SEGMENT: Final = re.compile(
    rf"{_ENDS}{_LINE}(?=[ \n]|\Z)"  # the line ends before a line, and the line, or as much of it as ends before a space
    rf"|{_ENDS}{_LINE}"  # a line without any space for that long
    rf"|\n{{1,{MOST_LINE_ENDS}}}"
)
