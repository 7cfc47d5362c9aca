"""Curves in a plane: logarithmic axes have powers of ten, and values of any size are drawn inside."""

import math

import pytest

from lstmgen.drawing.plot import Axis, Series, plot
from lstmgen.drawing.shapes import Label, Line


def drawn(points, *, x=None, y=None, dark=False):
    series = [Series(name="one", thin=[], thick=points)]
    axes = {"x": x or Axis(label="x"), "y": y or Axis(label="y")}
    return plot(series, **axes, title="title", description="said", dark=dark, width=800)


def words(picture):
    return [shape.text for shape in picture.shapes if isinstance(shape, Label)]


def test_a_logarithmic_axis_is_marked_with_powers_of_ten():
    picture = drawn([(1e-5, 1.0), (1e-3, 2.0), (0.1, 3.0)], x=Axis(label="rate", log=True))
    assert {"1e-5", "0.001", "0.1", "rate"} <= set(words(picture))
    (line,) = [shape for shape in picture.shapes if isinstance(shape, Line)]
    (left, _), (middle, _), (right, _) = line.points
    assert middle == pytest.approx((left + right) / 2)


@pytest.mark.parametrize("points", [[(0.0, 0.0), (1.0, 1e-30)], [(1.0, 5.0)], [(1e-12, 1e12), (1e12, 1e-12)], [(-3.0, 7.0), (4.0, 7.0)]])
@pytest.mark.parametrize("log", [False, True])
def test_whatever_is_drawn_stays_inside(points, log):
    picture = drawn(points, x=Axis(label="x", log=log), y=Axis(label="y", log=log))
    for shape in picture.shapes:
        if isinstance(shape, Line):
            assert all(0 <= at <= 800 and 0 <= height <= picture.height for at, height in shape.points)
    assert all(math.isfinite(shape.x) for shape in picture.shapes if isinstance(shape, Label))
