"""Validation agrees with reading the text in one go, and changes nothing."""

import contextlib
import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.training.validation import RUN_IN, Lanes, validate

V = 11


def network():
    torch.manual_seed(3)
    return LanguageModel(Architecture(vocab_size=V, embedding_size=6, hidden_size=5, num_layers=2, dropout=0.5))


def ids(count, seed=0):
    drawn = np.random.default_rng(seed).integers(1, V, size=count)
    drawn[0] = 0
    return drawn.astype(np.uint8)


def exact(model, tokens):
    model.eval()
    ids_TB = torch.from_numpy(tokens.astype(np.int64))[:, None]
    with torch.no_grad():
        logits_TBV, _ = model(ids_TB[:-1], model.zero_state(1))
    return F.cross_entropy(logits_TBV[:, 0], ids_TB[1:, 0], reduction="sum", ignore_index=0).item()


def test_lanes_give_the_figure_of_reading_in_one_go():
    model, tokens = network(), ids(7 * RUN_IN + 123)
    nats, counted = validate(model, tokens, arithmetic=contextlib.nullcontext)
    assert counted == len(tokens) - 1
    assert math.isclose(nats, exact(model, tokens), rel_tol=1e-5)


def test_a_short_text_is_read_in_one_lane():
    model, tokens = network(), ids(200)
    nats, counted = validate(model, tokens, arithmetic=contextlib.nullcontext)
    assert counted == 199
    assert math.isclose(nats, exact(model, tokens), rel_tol=1e-6)


def test_boundaries_are_read_and_not_counted():
    tokens = ids(300)
    tokens[[100, 200]] = 0
    _, counted = validate(network(), tokens, arithmetic=contextlib.nullcontext)
    assert counted == 297


def test_every_position_is_counted_exactly_once():
    tokens = np.arange(1, 5 * RUN_IN)
    lanes = Lanes(len(tokens) - 1, max_tokens=None)
    seen = []
    for begin in range(0, lanes.length, 100):
        _, targets_TK = lanes.window(tokens, begin, min(begin + 100, lanes.length))
        seen += [int(target) for target in targets_TK.flatten() if target]
    assert sorted(seen) == tokens[1:].tolist()


def test_a_limit_spreads_the_counted_tokens_over_the_text():
    _, counted = validate(network(), ids(20 * RUN_IN), arithmetic=contextlib.nullcontext, max_tokens=1000)
    assert 1000 <= counted < 1100


def test_validation_changes_neither_weights_nor_mode_nor_random_numbers():
    model = network().train()
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    generator = torch.get_rng_state()
    validate(model, ids(700), arithmetic=contextlib.nullcontext)
    assert model.training
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(torch.equal(weights[name], tensor) for name, tensor in model.state_dict().items())
