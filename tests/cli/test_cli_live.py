"""The frame at the foot of a terminal, drawn on a terminal that wraps its lines anew when its width changes."""

import io
import re

import pytest
from rich.text import Text

from lstmgen.cli import live
from lstmgen.cli.live import Frame
from lstmgen.cli.output import Streams

TOKEN = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|(\n)|(\r)|([^\x1b\n\r]+)")


class Terminal(io.BytesIO):
    """Lines of text that are shown wrapped at a width; a cursor in a row and a column."""

    def __init__(self, width, height):
        super().__init__()
        self.width, self.height = width, height
        self.lines, self.line, self.at = [""], 0, 0
        self.cursor = True

    def write(self, data):
        for control, letter, newline, back, text in TOKEN.findall(data.decode()):
            if newline:
                self.line, self.at = self.line + 1, 0
                self.lines += [""] * (self.line + 1 - len(self.lines))
            elif back:
                self.at = self.at // self.width * self.width
            elif text:
                whole = self.lines[self.line].ljust(self.at)
                self.lines[self.line] = whole[: self.at] + text + whole[self.at + len(text) :]
                self.at += len(text)
            elif letter == "A":
                for _ in range(int(control or 1)):
                    self._up()
            elif letter == "J":
                self.lines = [*self.lines[: self.line], self.lines[self.line][: self.at]]
            elif letter == "K":
                self.lines[self.line] = self.lines[self.line][: self.at]
            elif letter in "hl" and control == "?25":
                self.cursor = letter == "h"
        return len(data)

    def _up(self):
        if self.at >= self.width:
            self.at -= self.width
        else:
            self.line -= 1
            self.at = max(0, len(self.lines[self.line]) - 1) // self.width * self.width


@pytest.fixture
def terminal(monkeypatch):
    screen = Terminal(40, 20)
    monkeypatch.setattr(live, "_EVERY_S", 3600)
    monkeypatch.setattr("rich.console.Console.size", property(lambda _: Size(screen.width, screen.height)))
    return screen


class Size(tuple):
    __slots__ = ()

    def __new__(cls, width, height):
        return super().__new__(cls, (width, height))

    width = property(lambda self: self[0])
    height = property(lambda self: self[1])


def frame_on(screen):
    streams = Streams(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=screen, err_is_terminal=True, animated=True)
    return Frame(streams, lambda width, height: Text("\n".join([f"{width:<{width - 1}}|"] * min(5, height)))), streams


@pytest.mark.parametrize("widths", [(40, 25, 12, 60, 33), (40, 9), (40, 200, 8)])
def test_nothing_of_an_older_frame_stays_whatever_the_width_becomes(terminal, widths):
    frame, streams = frame_on(terminal)
    frame.above(lambda: streams.insist("a note that stays"))
    for width in widths:
        terminal.width = width
        frame.draw()
        assert terminal.lines == ["a note that stays", *[f"{width - 1:<{width - 2}}|"] * 5]
    frame.close()
    assert terminal.lines[-1] == ""
    assert terminal.cursor


def test_a_frame_is_never_higher_than_its_terminal(terminal):
    frame, _ = frame_on(terminal)
    terminal.height = 3
    frame.draw()
    frame.close()
    assert len(terminal.lines) <= 6


def test_what_is_written_above_stays_in_order_and_the_frame_stands_below(terminal):
    frame, streams = frame_on(terminal)
    for word in ("one", "two"):
        frame.above(lambda word=word: streams.insist(word))
        frame.draw()
    frame.close()
    frame.close()
    assert terminal.lines[:3] == ["one", "two", f"{39:<38}|"]
    assert len(terminal.lines) == 8
