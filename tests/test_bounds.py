import pytest

from lstmgen.bounds import Bounds


@pytest.mark.parametrize(
    ("bounds", "value", "mistake"),
    [
        (Bounds(low=1), 0, "expected at least 1, found 0"),
        (Bounds(low=1, high=9), 9.5, "expected 1 to 9, found 9.5"),
        (Bounds(low=0, high=100_000, above=True), 1e9, "expected more than 0 and at most 100000, found 1000000000"),
        (Bounds(low=0, above=True), 0.0, "expected more than 0, found 0"),
        (Bounds(high=3), 4, "expected at most 3, found 4"),
        (Bounds(), float("nan"), "expected a finite number, found nan"),
        (Bounds(high=2**63 - 1), 2**63, f"expected at most {2**63 - 1}, found {2**63}"),
    ],
)
def test_what_is_wrong_is_said_with_the_value_and_the_bounds(bounds, value, mistake):
    assert bounds.mistake(value) == mistake


@pytest.mark.parametrize("bounds", [Bounds(), Bounds(low=1), Bounds(low=1, high=9), Bounds(low=0, above=True), Bounds(high=9)])
def test_what_lies_within_is_no_mistake(bounds):
    assert bounds.mistake(1) is None
