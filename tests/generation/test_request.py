"""A request is a plain value: it goes through JSON unchanged, and is checked when it is made."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from lstmgen.errors import UsageError
from lstmgen.generation.request import Request
from lstmgen.generation.sampling import Cycle, Ramp, Sampling
from lstmgen.music.score import Notes, Score

REQUESTS = [
    Request(),
    Request(prompt=""),
    Request(prompt="C4 E4 \u00e9\udcff\n"),
    Request(prompt=bytes(range(256))),
    Request(prompt=Path("tunes") / "a b.mid"),
    Request(length=-1, num_samples=7, seed=2**63, first=3, echo=False, novel=0.0),
    Request(length=0, seed=0, novel=1.0, sampling=Sampling(temperature=Ramp(1.0, 0.5), top_k=3)),
    Request(sampling=Sampling(temperature=Cycle((0.5,)))),
    Request(options={"stop": ["a", "b"], "ignore_end": True, "bars": 4, "bpm": 90.5}),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=range(len(REQUESTS)))
def test_a_request_is_the_same_after_a_way_through_json(request_):
    again = Request.from_json(json.loads(json.dumps(request_.to_json(), allow_nan=False)))
    assert again == request_
    assert type(again.prompt) is type(request_.prompt)


def test_what_is_left_out_of_json_is_the_default():
    assert Request.from_json({"prompt": "a", "sampling": {"top_k": 4}}) == Request(prompt="a", sampling=Sampling(top_k=4))


def test_what_json_names_is_known_and_within_bounds():
    with pytest.raises(UsageError, match="no lenght, tokens") as caught:
        Request.from_json({"lenght": 5, "tokens": 3})
    assert "length" in caught.value.remedy
    with pytest.raises(UsageError, match="seed"):
        Request.from_json({"seed": -1})
    with pytest.raises(UsageError, match="top-k"):
        Request.from_json({"sampling": {"top_k": -1}})


@pytest.mark.parametrize("prompt", [{}, {"path": 5}, {"base64": "~~~"}, {"base64": "é"}, {"text": "a"}], ids=str)
def test_a_prompt_in_json_is_a_text_a_path_or_base_64(prompt):
    with pytest.raises(UsageError, match="the prompt is") as caught:
        Request.from_json({"prompt": prompt})
    assert caught.value.remedy


def test_a_prompt_that_is_no_plain_value_cannot_be_written():
    with pytest.raises(UsageError, match="Score") as caught:
        Request(prompt=Score.of(Notes.empty())).to_json()
    assert "bytes" in caught.value.remedy


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("length", (-2, 1.5, True, "5")),
        ("num_samples", (0, -1, 1.0, True, None)),
        ("seed", (-1, 1.5, True, "1")),
        ("first", (-1, 0.0, False, None)),
        ("novel", (-0.01, 1.01, math.nan, math.inf, "0.5", True)),
        ("options", (None, 5, ["bars"])),
    ],
)
def test_a_field_out_of_bounds_is_a_usage_error_that_shows_a_good_value(field, values):
    for value in values:
        with pytest.raises(UsageError, match="expected") as caught:
            Request(**{field: value})
        assert caught.value.remedy


def test_the_ends_of_the_bounds_are_allowed():
    for field, values in {"length": (-1, 0), "num_samples": (1,), "seed": (0,), "first": (0,), "novel": (0, 1)}.items():
        for value in values:
            assert getattr(Request(**{field: value}), field) == value


def test_a_request_is_made_without_torch_and_numpy():
    code = "import sys; from lstmgen.generation.request import Request; Request(); print({'torch', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
