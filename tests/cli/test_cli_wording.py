import math

import pytest

from lstmgen.cli.wording import amount, bits, command, counted, duration, parse_duration, size
from lstmgen.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1h30m", 5400),
        ("45", 45),
        ("0", 0),
        ("1.5h", 5400),
        ("1d2h3m4s", 93_784),
        (" 2M ", 120),
        ("2.5", 2.5),
    ],
)
def test_a_length_of_time_is_read_as_people_write_it(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "5x", "-3", "-3s", "nan", "inf", "1m1h", "1s1s", "1:30", "s5"])
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.0s"), (8.44, "8.4s"), (52.2, "52s"), (59.9, "1m00s"), (185, "3m05s"), (7800, "2h10m"), (273_600, "3d4h")]
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (65, "65"),
        (12.34, "12.3"),
        (999, "999"),
        (1000, "1.0k"),
        (18_432, "18.4k"),
        (999_700, "1.0M"),
        (240_000_000, "240M"),
        (2_400_000, "2.4M"),
        (3e12, "3000.0G"),
    ],
)
def test_an_amount_has_three_figures(number, text):
    assert amount(number) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1100, "1.1 kB"), (1_115_394, "1.1 MB"), (3e15, "3000.0 TB")]
)
def test_a_size_is_in_powers_of_ten(count, text):
    assert size(count) == text


def test_a_bit_is_the_surprise_of_one_half():
    assert bits(math.log(2)) == pytest.approx(1)


def test_one_thing_is_singular():
    assert (counted(1, "step"), counted(0, "step"), counted(1240, "step")) == ("1 step", "0 steps", "1,240 steps")


def test_a_command_can_be_pasted_into_a_shell():
    assert command("train", "--resume", "my run/it's") == """lstmgen train --resume 'my run/it'"'"'s'"""
