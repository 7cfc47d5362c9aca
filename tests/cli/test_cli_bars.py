import io

import pytest

from lstmgen.cli.bars import work_bar
from lstmgen.cli.output import Streams
from lstmgen.cli.wording import size


def work(patience_s=0.0, **changes):
    streams = Streams(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO(), **changes)
    with work_bar(streams, "a\x1bb", shown=size, patience_s=patience_s) as report:
        for done in range(0, 1001, 10):
            report(done, 1000)
    return streams.stderr.getvalue().decode()


def test_off_a_terminal_there_is_a_line_for_every_quarter():
    assert work() == "".join(f"a\\x1bb: {share}% of 1.0 kB\n" for share in (25, 50, 75, 100))


def test_quiet_shows_nothing():
    assert work(quiet=True) == ""


def test_on_a_terminal_the_cursor_comes_back_and_the_bar_goes():
    screen = work(animated=True, err_is_terminal=True)
    assert "a\\x1bb" in screen
    assert screen.rindex("\x1b[?25h") > screen.rindex("\x1b[?25l")


def test_work_that_is_done_soon_gets_no_bar():
    assert work(patience_s=60.0) == ""
    assert "a\\x1bb" not in work(patience_s=60.0, animated=True, err_is_terminal=True)


def test_an_error_in_the_work_leaves_the_terminal_in_order():
    streams = Streams(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO(), animated=True, err_is_terminal=True)

    def work_that_fails():
        with work_bar(streams, "x", shown=size, patience_s=0.0) as report:
            report(1, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_that_fails()
    screen = streams.stderr.getvalue().decode()
    assert screen.rindex("\x1b[?25h") > screen.rindex("\x1b[?25l")


def test_work_of_unknown_size_is_no_division_by_zero():
    streams = Streams(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.BytesIO())
    with work_bar(streams, "x", shown=size, patience_s=0.0) as report:
        assert report(0, 0) is None
