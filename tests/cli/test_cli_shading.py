"""Text shaded by a number: nothing is told by colour alone, lines fit, and no text steers the terminal."""

import re

from lstmgen.cli.shading import Shade, shaded

PLAIN = Shade(0.0, 10.0, colour=False)
SGR = re.compile("\x1b\\[([0-9;]*)m")


def test_without_colour_a_digit_stands_below_each_character():
    lines = list(shaded(["a", "bc", "\n", "d"], [0, 0, 0, 1], [0.0, 5.0, 99.0, -3.0], PLAIN, columns=20))
    assert lines == ["abc↵", "05 9", "d", "0"]
    assert PLAIN.legend("x", columns=80) == ["x: below each character 0 for 0 or less, 9 for 10 or more"]


def test_wide_characters_take_their_columns():
    assert list(shaded(["漢", "字"], [0, 0], [10.0, 0.0], PLAIN, columns=20)) == ["漢字", "9 0"]


def test_every_two_styles_differ_without_their_colours_and_the_legend_shows_all():
    for low in (0.0, -1.0):
        shade = Shade(low, 1.0, colour=True)
        values = [low + (1 - low) * (step + 0.5) / 5 for step in range(5)]
        styles = [found[1] if (found := SGR.search(shade.painted("x", value))) else "" for value in values]
        bare = [tuple(code for code in style.split(";") if code in {"1", "3", "4"}) for style in styles]
        assert len(set(styles)) == 5
        assert len(set(bare)) >= 4
        legend = "\n".join(shade.legend("x", columns=30))
        assert all(f"\x1b[{style}m" in legend for style in styles if style)
        assert max(map(len, re.sub(r"\x1b\[[\d;]*m", "", legend).splitlines())) <= 30


def test_no_line_is_wider_than_the_terminal_and_controls_are_written_out():
    pieces = ["\x1b[31m", "abc ", "\t", "\u202e", "x" * 50, " "]
    lines = list(shaded(pieces, [0] * 6, [0.0] * 6, PLAIN, columns=20))
    assert max(map(len, lines)) <= 20
    assert "\x1b" not in "".join(lines)
    assert "\u202e" not in "".join(lines)
    assert "".join(lines[::2]).count("x") >= 50
