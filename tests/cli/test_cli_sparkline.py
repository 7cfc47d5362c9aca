import math

from hypothesis import given
from hypothesis import strategies as st

from lstmgen.cli.sparkline import chart, resample


def one_line(values, **options):
    return chart(values, **options)[0]


def test_the_lowest_value_is_low_and_the_highest_is_full():
    assert one_line([1.0, 8.0, 4.5], width=10) == "▁█▅"


def test_equal_values_make_an_even_line():
    assert one_line([2.0, 2.0, 2.0], width=10) == "▄▄▄"


def test_more_values_than_columns_are_averaged():
    assert resample([1.0, 3.0, 10.0, 20.0], 2) == [2.0, 15.0]


def test_a_value_that_is_not_finite_leaves_a_gap_and_spoils_nothing():
    assert one_line([1.0, math.nan, 2.0], width=3) == "▁ █"
    assert resample([math.nan, 3.0], 1) == [3.0]


def test_nothing_to_show_is_nothing():
    assert chart([], width=5, height=3) == ("", "", "")
    assert one_line([math.nan], width=5) == ""


def test_a_ceiling_cuts_off_a_steep_beginning():
    assert one_line([100.0, 2.0, 1.0], width=3) == "█▁▁"
    assert one_line([100.0, 2.0, 1.0], width=3, ceiling=2.0) == "██▁"


def test_two_lines_have_twice_the_levels():
    assert chart([0.0, 1.0, 0.5], width=3, height=2) == (" █▁", "▁██")


@given(st.lists(st.floats(allow_subnormal=False), max_size=50), st.integers(1, 12), st.integers(1, 4))
def test_a_chart_never_leaves_its_frame(values, width, height):
    lines = chart(values, width=width, height=height)
    assert len(lines) == height
    assert all(len(line) <= width for line in lines)


@given(st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=12))
def test_every_finite_value_is_seen(values):
    assert " " not in one_line(values, width=12)


def test_numbers_at_the_edge_of_what_a_float_holds_do_no_harm():
    assert one_line([0.0, 5e-324], width=2) == "▄▄"
    assert one_line([-1.7e308, 1.7e308], width=2) == "▁█"
    assert resample([1.7e308, 1.7e308], 1) == [1.7e308]
