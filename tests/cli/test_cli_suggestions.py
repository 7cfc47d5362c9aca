"""Suggestions under the line that is being typed, on a pseudo-terminal: what is shown, what Tab takes, and that no key waits."""

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import threading
from functools import partial

import pytest

from lstmgen.cli.readline_keys import KeyByKey
from lstmgen.cli.suggestions import Suggester, Suggestion, bar

WORDS = [Suggestion("sea", "ea "), Suggestion("see", "ee "), Suggestion("schoolmasters", "choolmasters ")]

READER = """
import os, sys
from pathlib import Path
from lstmgen.cli.line_editor import typed_lines
from lstmgen.cli.output import Streams
from lstmgen.cli.suggestions import Suggestion

def endless(stop):
    while not stop():
        pass
    return []

def suggest(line):
    if line.endswith("slow"):
        return endless
    words = ("sea", "see", "schoolmasters")
    return [Suggestion(word, word[1:] + " ") for word in words] if line.endswith("s") else []

with typed_lines(Streams.of_process(os.environ), Path(sys.argv[1]), suggest) as read:
    while (line := read()) is not None:
        print(repr(line), flush=True)
"""


class Terminal:
    """A program that reads lines on a pseudo-terminal."""

    def __init__(self, folder, columns, **environ):
        pty = pytest.importorskip("pty")
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 10, columns, 0, 0))
        clean = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR", "INPUTRC"}}
        self.process = subprocess.Popen(
            [sys.executable, "-c", READER, str(folder)],
            env=clean | environ,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.screen = ""

    def until(self, text):
        """What came up to this text."""
        while text not in self.screen:
            select.select([self.master], [], [])
            self.screen += os.read(self.master, 65536).decode()
        seen, self.screen = self.screen.split(text, 1)
        return seen

    def type(self, keys):
        os.write(self.master, keys.encode())

    def begin(self, keys):
        """Types at a new prompt: what comes before is not readline's yet."""
        self.until("> ")
        self.type(keys)

    def end(self):
        self.begin("\x04")
        assert self.process.wait() == 0
        os.close(self.master)


pytestmark = pytest.mark.skipif(KeyByKey.here() is None, reason="Python has another line editor here")


def test_tab_takes_the_first_suggestion_and_the_space_behind_it_only_where_something_follows(tmp_path):
    terminal = Terminal(tmp_path / "home", 20, TERM="xterm")
    terminal.begin("the s")
    assert terminal.until("Tab sea   see").endswith("\x1b[2m")
    terminal.type("\t")
    terminal.type("s\t\n")
    assert "Tab" not in terminal.until("'the sea sea'").rpartition("\x1b[K")[2]  # the row is free again
    terminal.begin("a slow")  # its search has no end, and yet every key is taken
    terminal.type(" one\n")
    terminal.until("'a slow one'")
    terminal.end()


def test_without_colour_the_bar_is_plain_and_on_a_dumb_terminal_there_is_none(tmp_path):
    terminal = Terminal(tmp_path / "home", 40, TERM="xterm", NO_COLOR="1")
    terminal.begin("s")
    assert "\x1b[2m" not in terminal.until("Tab sea   see   schoolmasters")
    terminal.type("\n")
    terminal.end()
    dumb = Terminal(tmp_path / "home", 40, TERM="dumb")
    dumb.begin("s\t\n")
    assert "Tab" not in dumb.until("'s\\t'")
    dumb.end()


def test_the_bar_keeps_to_its_columns_and_drops_what_has_no_room():
    assert bar(WORDS, 39) == "Tab sea   see   schoolmasters"
    assert bar(WORDS, 20) == "Tab sea   see"
    assert bar([Suggestion("long" * 9, ""), *WORDS], 12) == "Tab longl..."
    assert bar([Suggestion("a\x1b\nb", "")], 30) == "Tab a\\x1b b"


def test_only_the_newest_line_counts_and_a_search_for_another_is_given_up():
    ended = []

    def search(line, stop):
        while line == "old" and not stop():
            pass
        ended.append((line, threading.current_thread() is threading.main_thread()))
        return WORDS

    suggester = Suggester(lambda line: WORDS[:1] if line == "known" else partial(search, line))
    suggester.ask("known")
    assert suggester.words("known") == WORDS[:1]
    suggester.ask("old")
    assert not suggester.words("old")
    suggester.ask("new")
    select.select([suggester.told], [], [])
    assert suggester.words("new", patience_s=60) == WORDS
    assert not suggester.words("old")
    assert ended == [("old", False), ("new", False)]
    suggester.ask("old")
    suggester.rest()
    assert ended[-1] == ("old", False)
    assert not suggester.words("old")
    suggester.close()


def test_a_mistake_in_a_search_is_raised_where_its_words_are_asked_for():
    suggester = Suggester(lambda _: lambda _: 1 / 0)
    suggester.ask("")
    with pytest.raises(ZeroDivisionError):
        suggester.words("", patience_s=60)
    suggester.close()
