import math

from hypothesis import given
from hypothesis import strategies as st

from lstmgen.cli.sparkline import Scale, chart, columns, plain, scale_of

CURVE = [(0, 8.0), (1, 4.5), (2, 1.0)]


def drawn(*curves, **options):
    return plain(chart(*curves, **({"width": 20, "height": 6} | options)))


def body(lines):
    """What is within the axes."""
    return [line.partition("┤")[2] or line.partition("│")[2] for line in lines[:-2]]


def test_the_axes_say_what_is_drawn():
    lines = drawn(CURVE, width=24, height=7, scale=Scale(1.0, 8.0), x_label=lambda step: f"{step:.0f} s")
    assert [line[:4].strip() for line in lines] == ["8", "", "4.5", "", "1", "", ""]
    assert lines[-2].endswith("└" + "─" * 19)
    assert lines[-1].split() == ["0", "s", "1", "s", "2", "s"]


def test_a_short_curve_fills_the_whole_width_without_a_gap():
    for curve in ([(5, 3.0)], [(5, 3.0), (90, 1.0)], [(0, 1.0), (1, 3.0), (400, 2.0)]):
        for line in body(drawn(curve, width=40))[-1:]:
            assert len(line) >= 34
            assert " " not in line.strip()


def test_more_values_than_columns_are_averaged_and_between_fewer_there_is_a_line():
    assert columns([(0, 1.0), (1, 3.0), (2, 10.0), (3, 20.0)], width=2) == [2.0, 15.0]
    assert columns([(0, 0.0), (4, 4.0)], width=5) == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_value_that_is_not_finite_spoils_nothing():
    assert columns([(0, 1.0), (1, math.nan), (2, 3.0)], width=3) == [1.0, 2.0, 3.0]
    assert drawn([(0, math.nan)]) == [""] * 6


def test_nothing_to_show_is_as_high_as_something():
    assert drawn([], height=9) == [""] * 9


def test_dots_stand_where_their_values_are_and_reach_from_the_first_to_the_last():
    rows = body(drawn([(0, 1.0), (9, 1.0)], [(3, 3.0), (6, 3.0)], width=16, height=5, scale=Scale(1.0, 3.0)))
    assert rows[0].count("●") == 5
    assert "●" not in "".join(rows[1:])


def test_a_steep_beginning_does_not_flatten_the_rest():
    assert scale_of([[(step, 100.0 if step < 5 else 2.0 - step / 100) for step in range(100)]], width=100).high < 3


def test_a_dot_on_a_column_is_told_from_one_above():
    lines = chart([(0, 4.0), (9, 4.0)], [(0, 1.0), (9, 1.0)], width=16, height=5)
    assert [role for line in lines for text, role in line if "●" in text] == ["both"]


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.floats(allow_subnormal=False)), max_size=40),
    st.lists(st.tuples(st.integers(0, 10**9), st.floats(allow_subnormal=False)), max_size=10),
    st.integers(14, 80),
    st.integers(3, 12),
)
def test_a_chart_never_leaves_its_frame(one, other, width, height):
    lines = drawn(sorted(one), sorted(other), width=width, height=height)
    assert len(lines) == height
    assert all(len(line) <= width for line in lines)


def test_numbers_at_the_edge_of_what_a_float_holds_do_no_harm():
    assert Scale(0.0, 5e-324).level(5e-324, 8) == 4
    assert Scale(-1.7e308, 1.7e308).level(1.7e308, 8) == 8
    assert columns([(0, 1.7e308), (0, 1.7e308)], width=1) == [1.7e308]
