"""Schemas: what passes, and how the first wrong value is named."""

import math

import pytest

from lstmgen.schema import SchemaError, anything, flag, list_of, number, optional, table, text, whole

STEP = table({"step": whole(1, 9), "loss": optional(number(0)), "names": list_of(text(3), at_most=2), "last": flag}, needed=("step",))


@pytest.mark.parametrize("value", [{"step": 1}, {"step": 9, "loss": None, "names": ["abc", ""], "last": True}, {"step": 2, "loss": 0.5}])
def test_what_fits_passes_until_a_part_of_it_does_not(value):
    STEP(value, "row")
    for key in value:
        with pytest.raises(SchemaError, match=f"row.{key} is "):
            STEP({**value, key: {}}, "row")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], r"row is \[\], expected a table"),
        ({}, "row lacks step"),
        ({"step": 0}, "row.step is 0, expected a whole number from 1 to 9"),
        ({"step": True}, "row.step is True"),
        ({"step": 1.0}, r"row.step is 1\.0"),
        ({"step": 10**400}, "row.step is 1000"),
        ({"step": 1, "loss": -1}, "row.loss is -1, expected a number from 0 to 1e[+]18"),
        ({"step": 1, "loss": math.nan}, "row.loss is nan"),
        ({"step": 1, "names": ["a", "long"]}, r"row.names\[1\] is 'long', expected a text of at most 3 characters"),
        ({"step": 1, "names": ["a"] * 3}, r"row.names is .*, expected a list of at most 2 entries"),
        ({"step": 1, "last": 1}, "row.last is 1, expected true or false"),
        ({"step": 1, "\x1b[2J": 1}, r"row holds '\\x1b\[2J', which is not known"),
    ],
)
def test_what_does_not_fit_is_named(value, message):
    with pytest.raises(SchemaError, match=message):
        STEP(value, "row")


def test_a_message_stays_short_however_large_or_deep_the_value_is():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, "x" * 10**6, list(range(10**6)), {"\x1b": "\x1b" * 9}):
        with pytest.raises(SchemaError) as caught:
            whole()(value, "it")
        assert len(str(caught.value)) < 400
        assert "\x1b" not in str(caught.value)


def test_numbers_that_are_not_finite_pass_where_they_may():
    for value in (math.nan, math.inf, -math.inf, 3, 2.5):
        number(0, finite=False)(value, "it")
    with pytest.raises(SchemaError):
        number(0, finite=False)(-1, "it")


def test_other_keys_pass_where_they_may_and_lists_have_their_length():
    table({}, others=True)({"more": anything}, "it")
    list_of(whole(), exactly=2)([1, 2], "it")
    with pytest.raises(SchemaError, match="a list of 2 entries"):
        list_of(whole(), exactly=2)([1], "it")
