"""Items whose gaps are filled: the same for the same seed, likelier fillings more often, by a method that fits."""

import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from conftest import case_of

from lstmgen.choices import InfillMethod
from lstmgen.errors import UsageError
from lstmgen.generation import infilling
from lstmgen.generation.infilling import InfillRequest

TEXT = "the quick brown ___x jumps over"


@pytest.fixture
def model():
    return case_of("char").model


def test_the_same_seed_fills_a_gap_in_the_same_way_whatever_is_drawn_beside_it(model):
    samples = model.infill(TEXT, seed=3, num_samples=3, length="1:3", candidates=16)
    assert [sample.index for sample in samples] == [0, 1, 2]
    assert len({sample.text for sample in samples}) > 1
    again = model.infill(TEXT, seed=3, first=1, num_samples=1, length="1:3", candidates=16)
    assert again[0].text == samples[1].text
    for sample in samples:
        assert sample.text.startswith("the quick brown ")
        assert sample.text.endswith("x jumps over")
        assert 1 <= sample.tokens <= 3
        assert sample.ended == "filled"


def test_probabilities_are_those_of_enumeration_and_the_best_is_the_most_probable_a_token(model):
    (sample,) = model.infill(TEXT, length=1, seed=1, best=True, candidates=99, horizon=1, sampling=infilling.Sampling(temperature=1))
    tokenizer, shares = model.tokenizer, {}
    for token in range(1, tokenizer.vocab_size):
        filled = tokenizer.decode([token])
        evaluation = model.score(f"the quick brown {filled}x")
        shares[filled] = math.exp(-float(evaluation.items[0].nats_T[-2:].sum()))
    total = sum(shares.values())
    (gap,) = sample.gaps
    assert gap["text"] == max(shares, key=shares.get) == gap["candidates"][0]["shown"]
    assert gap["probability"] == pytest.approx(shares[gap["text"]] / total, abs=1e-5)
    effective = total**2 / sum(share**2 for share in shares.values())
    assert gap["effective_sample_size"] == pytest.approx(effective, rel=1e-4)
    assert sample.nats_per_token > 0


def test_without_anything_behind_it_a_gap_is_a_continuation(model):
    (sample,) = model.infill("the quick ___", length=7, seed=2, candidates=5)
    assert sample.text.startswith("the quick ")
    assert len(sample.text) == 17
    (first,) = model.infill("___ fox", length=2, seed=2, candidates=5)
    assert first.text.endswith(" fox")


@pytest.mark.parametrize("name", ["byte", "bpe"])
def test_tokens_of_any_length_fill_gaps_of_so_many_characters(name):
    for sample in case_of(name).model.infill(TEXT, length="2:4", seed=1, num_samples=2, candidates=8):
        assert 2 <= len(sample.text) - len(TEXT) + 3 <= 4


def test_methods_are_a_table_whose_first_that_fits_is_the_usual_one(model, monkeypatch):
    assert {"auto", *infilling.METHODS} == set(get_args(InfillMethod))

    other = replace(infilling.METHODS["candidates"], fits=lambda network: network is not model.network.architecture)
    monkeypatch.setattr(infilling, "METHODS", {"other": other, **infilling.METHODS})
    assert model.infill(TEXT, seed=1, length=1)[0].ended == "filled"
    with pytest.raises(UsageError, match="cannot fill gaps by --method other"):
        infilling.method_of("other", model.decoder)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"num_samples": 0}, "--num-samples is 0"),
        ({"seed": -1}, "--seed is -1"),
        ({"candidates": 0}, "--candidates"),
        ({"horizon": -1}, "--horizon"),
        ({"method": "magic"}, "no method 'magic'"),
        ({"candidates": True}, "--candidates"),
    ],
)
def test_a_request_out_of_bounds_is_named(values, words):
    with pytest.raises(UsageError, match=words):
        InfillRequest.of(TEXT, values)


def test_a_seed_is_drawn_and_told_where_none_is_given(model):
    sample = model.infill(TEXT, length=2, candidates=4)[0]
    assert model.infill(TEXT, length=2, candidates=4, seed=sample.seed)[0].text == sample.text
    assert np.isfinite(sample.nats_per_token)
