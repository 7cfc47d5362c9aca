"""Tokens that a device draws by itself are those that the host would draw."""

import collections
import functools

import numpy as np
import pytest
import torch

from lstmgen.errors import ModelFileError
from lstmgen.generation.blocks import Blocks
from lstmgen.generation.compiled_blocks import TOKENS, suits
from lstmgen.generation.draw import Lane, begin, draw, generator_of
from lstmgen.generation.sampling import Cycle, Ramp, Sampling
from lstmgen.media.text.char import CharTokenizer
from lstmgen.media.text.writer import TextPlan
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel

TOKENIZER = CharTokenizer.from_counts(collections.Counter("abcde "))
V = TOKENIZER.vocab_size


def recorded(launched):
    outcome = {}
    return (lambda: outcome.update(launched())), outcome


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(3)
    network = LanguageModel(Architecture(vocab_size=V, embedding_size=8, hidden_size=16, num_layers=2)).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3)
    return Decoder(network.eval())


def drawn(decoder, sampling, *, length=3 * TOKENS + 5, seed=1, lanes=5, **plan):
    context = begin(decoder, np.array([1, 2], dtype=np.int64))
    wanted = TextPlan(tokenizer=TOKENIZER, length=length, **plan)
    found = [Lane(wanted.writer(), context, sampling=sampling, length=length, generator=generator_of(seed, i)) for i in range(lanes)]
    pieces = list(draw(decoder, found))
    return [(lane.ids.tolist(), round(lane.nats, 9), lane.ended, lane.writer.outcome().item) for lane in found], len(pieces)


@pytest.fixture
def in_blocks(monkeypatch):
    made = []

    def blocks(*given):
        made.append(Blocks(*given, record=recorded))
        return made[-1]

    monkeypatch.setattr("lstmgen.generation.blocks.Blocks", blocks)
    monkeypatch.setattr(Decoder, "block_lanes", 64)
    return made


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 1.0},
        {"temperature": 0},
        {"top_k": 3},
        {"top_p": 0.8},
        {"min_p": 0.1, "temperature": 1.3},
        {"top_k": 4, "top_p": 0.9, "min_p": 0.2},
    ],
    ids=str,
)
@pytest.mark.parametrize("plan", [{}, {"ignore_end": True}, {"stops": ("ab", "e d")}], ids=str)
def test_blocks_hold_what_would_be_drawn_one_by_one(decoder, settings, plan, in_blocks, monkeypatch):
    sampling = Sampling(**settings)
    there = drawn(decoder, sampling, **plan)
    assert len(in_blocks) == 1
    monkeypatch.undo()
    assert drawn(decoder, sampling, **plan) == there


def test_samples_end_within_a_block_and_the_others_go_on(decoder, in_blocks):
    lanes, _ = drawn(decoder, Sampling(temperature=30.0), stops=("b",), lanes=12)
    lengths = [len(ids) for ids, *_ in lanes]
    assert len({length % TOKENS for length in lengths}) > 2
    assert in_blocks


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=Ramp(1.0, 0.5)),
        Sampling(temperature=Cycle((1.0, 0.5))),
        Sampling(repetition_penalty=1.2),
        Sampling(typical_p=0.7),
    ],
    ids=str,
)
def test_what_depends_on_what_was_drawn_is_drawn_one_by_one(decoder, sampling, in_blocks):
    assert not suits(sampling)
    drawn(decoder, sampling)
    assert not in_blocks


def test_a_model_without_a_usable_number_is_refused(decoder):
    blocks = Blocks(decoder, Sampling(), record=recorded)
    with pytest.raises(ModelFileError, match="too large"):
        blocks.draw(torch.full((2, V), float("nan")), decoder.start(2), np.full((2, TOKENS), 0.5))


def test_what_a_block_gives_is_kept_when_the_next_is_drawn(decoder):
    blocks = Blocks(decoder, Sampling(), record=recorded)
    given = functools.partial(np.random.default_rng(0).random, (2, TOKENS))
    logits_BV, state = decoder.step([1, 2], decoder.start(2))
    kept = []
    for _ in range(4):
        _, _, logits_BV, state = blocks.draw(logits_BV, state, given())
        kept.append((logits_BV, logits_BV.clone()))
    assert all(torch.equal(one, other) for one, other in kept)
