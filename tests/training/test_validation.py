"""Validation agrees with reading the text in one go, and changes nothing. Pieces read apart are in test_pieces.py."""

import contextlib
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.model.reading import RUN_IN
from lstmgen.training.validation import Validation

V = 11


def network():
    torch.manual_seed(3)
    return LanguageModel(Architecture(vocab_size=V, embedding_size=6, hidden_size=5, num_layers=2, dropout=0.5))


def ids(count, seed=0):
    drawn = np.random.default_rng(seed).integers(1, V, size=count)
    drawn[0] = 0
    return drawn.astype(np.uint8)


def validate(model, tokens, max_tokens=None):
    return Validation(tokens)(model, arithmetic=contextlib.nullcontext, max_tokens=max_tokens)


def exact(model, tokens):
    model.eval()
    ids_TB = torch.from_numpy(tokens.astype(np.int64))[:, None]
    with torch.no_grad():
        logits_TBV, _ = model(ids_TB[:-1], model.zero_state(1))
    return F.cross_entropy(logits_TBV[:, 0], ids_TB[1:, 0], reduction="sum", ignore_index=0).item()


def test_lanes_give_the_figure_of_reading_in_one_go():
    model, tokens = network(), ids(7 * 4 * RUN_IN + 123)
    nats, counted = validate(model, tokens)
    assert counted == len(tokens) - 1
    assert math.isclose(nats, exact(model, tokens), rel_tol=1e-6)


def test_a_short_text_is_read_in_one_lane():
    model, tokens = network(), ids(200)
    nats, counted = validate(model, tokens)
    assert counted == 199
    assert math.isclose(nats, exact(model, tokens), rel_tol=1e-6)


def test_boundaries_are_read_and_not_counted():
    model, tokens = network(), ids(300)
    tokens[[100, 200]] = 0
    nats, counted = validate(model, tokens)
    assert counted == 297
    assert math.isclose(nats, exact(model, tokens), rel_tol=1e-6)


def test_a_limit_spreads_the_counted_tokens_over_the_text():
    _, counted = validate(network(), ids(20 * RUN_IN), max_tokens=1000)
    assert 1000 <= counted < 1100


@pytest.mark.parametrize("starts", [None, np.array([0, 300])])
def test_validation_changes_neither_weights_nor_mode_nor_random_numbers(starts):
    model = network().train()
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    generator = torch.get_rng_state()
    Validation(ids(700), starts)(model, arithmetic=contextlib.nullcontext)
    assert model.training
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(torch.equal(weights[name], tensor) for name, tensor in model.state_dict().items())


def test_the_figure_is_that_of_the_network_without_dropout():
    model, tokens = network().train(), ids(700)
    assert validate(model, tokens) == validate(model, tokens)
    assert math.isclose(validate(model, tokens)[0], exact(model, tokens), rel_tol=1e-6)


def test_the_network_runs_in_the_arithmetic_that_was_given():
    model, tokens = network(), ids(700)
    nats, _ = Validation(tokens)(model, arithmetic=lambda: torch.autocast("cpu", dtype=torch.bfloat16))
    assert nats != validate(model, tokens)[0]
    assert math.isclose(nats, exact(model, tokens), rel_tol=1e-2)
