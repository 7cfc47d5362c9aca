import io
import re

import pytest

from lstmgen.cli.output import Streams
from lstmgen.cli.panel import draw, render
from lstmgen.cli.progress import RunView
from lstmgen.cli.ui import LiveDisplay, PlainDisplay, open_display

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def streams(**changes):
    return Streams(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO(), **changes)


def said(found):
    return found.stderr.getvalue().decode("utf-8")


def drawn(events, *, width=80):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)
    draw(events, console, width=width)
    return console.file.getvalue()


def test_only_a_terminal_gets_the_live_display():
    assert isinstance(open_display(streams()), PlainDisplay)
    live = open_display(streams(animated=True, err_is_terminal=True))
    live.close()
    assert isinstance(live, LiveDisplay)


def test_the_picture_shows_what_is_known(fake):
    text = drawn(fake.whole_run())
    for words in (
        "checkpoints/story",
        "gru 3 x 384",
        "2.4M parameters",
        "100%",
        "400",
        "18.4k tokens/s",
        "30s",
        "1.400   2.020",
        "step 320",
        "cpu fp32",
    ):
        assert words in text


@pytest.mark.parametrize("size", [(30, 7), (40, 10), (40, 24), (60, 24), (64, 12), (80, 10), (80, 24), (100, 50)])
def test_the_panel_fits_its_terminal_and_the_losses_stay_in_it(fake, size):
    width, height = size
    view = RunView()
    for event in fake.whole_run():
        view.take(event)
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(render(view, width=width, height=height))
    lines = console.file.getvalue().splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    for loss in ("1.406", "1.400"):
        assert loss in "\n".join(lines)
    assert ("┤" in "\n".join(lines)) == (height >= 24)


def test_before_the_first_step_the_preparation_is_shown():
    display_text = render(RunView(), width=80).text
    assert "starting" in str(display_text)


def test_nothing_is_lost_when_only_some_things_are_known(fake):
    for count in range(len(fake.whole_run())):
        assert drawn(fake.whole_run()[: count + 1])


def test_plain_lines_hold_no_control_character_and_quiet_holds_nothing(fake):
    plain, quiet = streams(), streams(quiet=True)
    for found in (plain, quiet):
        display = open_display(found)
        display.preparing("reading", 0, 1000)
        for event in fake.whole_run():
            display.show(event)
        display.close()
    assert said(plain).startswith("reading, 1.0 kB\ntraining checkpoints/story\n")
    assert said(plain).replace("\n", "").isprintable()
    assert said(quiet) == ""


def test_each_stage_of_the_preparation_is_one_line():
    found = streams()
    display = open_display(found)
    for done in range(0, 100, 10):
        display.preparing("reading", done, 100)
    display.preparing("tokenizing", 0, 100)
    assert said(found) == "reading, 100 bytes\ntokenizing\n"


def test_the_live_display_gives_the_cursor_back_and_leaves_the_last_state_standing(fake):
    found = streams(animated=True, err_is_terminal=True, colour=True)
    display = open_display(found)
    for event in fake.whole_run():
        display.show(event)
    display.close()
    text = said(found)
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert "100%" in CONTROL.sub("", text[text.rindex("\x1b[?25l") :])


def test_samples_stand_above_the_live_display_literally_and_without_their_control_characters(fake):
    found = streams(animated=True, err_is_terminal=True, colour=True)
    display = open_display(found)
    for event in fake.whole_run():
        display.show(event)
    display.close()
    assert "\n  | Once [bold]upon\\x1b[2J a\n  | time\n" in said(found)
    assert "\x1b[2J" not in said(found)
    assert "step 201: a step was left out\n" in said(found)


def test_a_display_that_is_abandoned_gives_the_cursor_back_past_every_buffer(tmp_path):
    with (tmp_path / "terminal").open("wb") as terminal:
        found = Streams(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=terminal, animated=True, err_is_terminal=True)
        display = open_display(found)
        try:
            display.abandon()
            assert (tmp_path / "terminal").read_bytes().endswith(b"\x1b[?25h\nleft at once; the last checkpoint stands\n")
        finally:
            display.close()


def test_what_is_noticed_in_a_live_run_is_in_the_picture(fake):
    view = RunView()
    view.take(fake.prepared())
    view.notice = "Ctrl-C: finishing this step and saving"
    from rich.console import Console

    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(render(view, width=80, height=9))
    assert view.notice in console.file.getvalue()


def test_without_colour_the_live_display_uses_none(fake):
    found = streams(animated=True, err_is_terminal=True, colour=False)
    display = open_display(found)
    for event in fake.whole_run():
        display.show(event)
    display.close()
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", said(found))
