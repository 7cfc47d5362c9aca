"""The knobs of sampling."""

import json
import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen import limits
from lstmgen.errors import UsageError
from lstmgen.generation.sampling import Cycle, Ramp, Sampling, parse_temperature, temperature_at, temperature_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0.0), ("0.8", 0.8), ("1e6", 1e6), (" 1.5 ", 1.5), ("1.2:0.6", Ramp(1.2, 0.6)), ("1.0,0.5,0.2", Cycle((1.0, 0.5, 0.2)))],
)
def test_a_temperature_is_a_number_a_ramp_or_a_cycle(text, expected):
    assert parse_temperature(text) == expected


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "-inf", "", "warm", "1:", ":1", "1:2:3", "1:-1", "nan:1", "1,,2", ",", "1,-2", "1;2"])
def test_anything_else_is_a_usage_error_that_says_what_is_allowed(text):
    with pytest.raises(UsageError, match="temperature") as caught:
        parse_temperature(text)
    assert caught.value.exit_code == 2
    assert "1.2:0.6" in caught.value.remedy


def test_a_ramp_goes_from_its_start_at_the_first_token_to_its_end_at_the_last():
    ramp = Ramp(1.2, 0.6)
    assert [round(temperature_at(ramp, position, length=4), 9) for position in range(4)] == [1.2, 1.0, 0.8, 0.6]
    assert temperature_at(ramp, 0, length=1) == 1.2


def test_a_ramp_needs_a_length():
    with pytest.raises(UsageError, match="length"):
        temperature_at(Ramp(1.0, 0.5), 0, length=None)


def test_a_cycle_starts_again():
    cycle = Cycle((1.0, 0.5, 0.2))
    assert [temperature_at(cycle, position, length=None) for position in range(5)] == [1.0, 0.5, 0.2, 1.0, 0.5]


def test_a_number_stays():
    assert temperature_at(0.7, 123, length=None) == 0.7


def test_the_defaults_are_temperature_0_8_and_everything_else_off():
    defaults = Sampling()
    assert (defaults.temperature, defaults.top_k, defaults.top_p, defaults.min_p) == (0.8, 0, 1.0, 0.0)
    assert (defaults.typical_p, defaults.repetition_penalty, defaults.repeat_last_n) == (1.0, 1.0, 64)


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": -1},
        {"temperature": math.nan},
        {"temperature": "1"},
        {"temperature": True},
        {"top_k": -1},
        {"top_k": 1.5},
        {"top_k": True},
        {"top_p": 0},
        {"top_p": 1.01},
        {"top_p": math.nan},
        {"min_p": -0.1},
        {"min_p": 1.1},
        {"typical_p": 0.0},
        {"typical_p": 2},
        {"repetition_penalty": 0},
        {"repetition_penalty": -1},
        {"repetition_penalty": math.inf},
        {"repeat_last_n": -2},
        {"repeat_last_n": 1.0},
    ],
    ids=str,
)
def test_a_knob_out_of_bounds_is_a_usage_error_that_names_it_and_shows_a_good_value(values):
    name = next(iter(values)).replace("_", "-")
    with pytest.raises(UsageError, match=name) as caught:
        Sampling(**values)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "values",
    [{"temperature": 0}, {"temperature": Ramp(0, 2)}, {"top_p": 1}, {"min_p": 1}, {"typical_p": 1e-9}, {"repeat_last_n": -1}],
    ids=str,
)
def test_the_ends_of_the_bounds_are_allowed(values):
    sampling = Sampling(**values)
    assert {name: getattr(sampling, name) for name in values} == values


@pytest.mark.parametrize("make", [lambda: Cycle(()), lambda: Cycle((1.0, math.inf)), lambda: Ramp(math.nan, 1.0), lambda: Ramp(1.0, -0.1)])
def test_ramps_and_cycles_check_themselves(make):
    with pytest.raises(UsageError):
        make()


degrees = st.floats(0, allow_infinity=False, allow_nan=False)
temperatures = st.one_of(degrees, st.builds(Ramp, degrees, degrees), st.lists(degrees, min_size=1, max_size=4).map(tuple).map(Cycle))
shares = st.floats(0, 1, exclude_min=True)
samplings = st.builds(
    Sampling,
    temperature=temperatures,
    top_k=st.integers(0),
    top_p=shares,
    min_p=st.floats(0, 1),
    typical_p=shares,
    repetition_penalty=st.floats(1 / limits.MAX_REPETITION_PENALTY, limits.MAX_REPETITION_PENALTY),
    repeat_last_n=st.integers(-1),
)


@settings(max_examples=100)
@given(temperatures)
def test_a_temperature_is_read_as_it_is_written(temperature):
    assert parse_temperature(temperature_text(temperature)) == temperature


@settings(max_examples=100)
@given(samplings)
def test_settings_are_the_same_after_a_way_through_json(sampling):
    assert Sampling.from_json(json.loads(json.dumps(sampling.to_json()))) == sampling


def test_settings_from_json_are_checked_and_what_is_left_out_is_the_default():
    assert Sampling.from_json({"temperature": 0.5, "top_k": 3}) == Sampling(temperature=0.5, top_k=3)
    with pytest.raises(UsageError, match="top-p"):
        Sampling.from_json({"top_p": 7})
    with pytest.raises(UsageError, match="no topk") as caught:
        Sampling.from_json({"topk": 7})
    assert "top_k" in caught.value.remedy


def test_settings_are_checked_without_torch():
    code = "import sys, lstmgen.generation.sampling as s; s.parse_temperature('0.8'); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_what_is_usual_counts_where_no_temperature_is_given():
    usual = {"temperature": 0.9, "min_p": 0.02}
    assert Sampling.of({}, usual) == Sampling(temperature=0.9, min_p=0.02)
    assert Sampling.of({"top_k": 5, "min_p": 0.1}, usual) == Sampling(temperature=0.9, min_p=0.1, top_k=5)
    assert Sampling.of({"temperature": 1.0}, usual) == Sampling(temperature=1.0)
