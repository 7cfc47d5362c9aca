"""Drawing tokens one after the other."""

import math
from itertools import islice

import numpy as np
import pytest
import torch

from lstmgen.errors import ModelFileError, UsageError
from lstmgen.generation import filters
from lstmgen.generation.draw import Drawing, as_length, begin, generator_of, pick, read_on
from lstmgen.generation.filters import Moment
from lstmgen.generation.sampling import Ramp, Sampling
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel

START = Moment(0, 1)


@pytest.fixture(scope="module")
def decoder():
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = LanguageModel(Architecture(vocab_size=9, embedding_size=5, hidden_size=7, num_layers=2))
        with torch.no_grad():
            network.head.weight.mul_(4)
    return Decoder(network.eval())


def drawn(decoder, *, seed=1, index=0, length=40, context=None, ignore_end=True, **sampling):
    drawing = Drawing(
        decoder,
        context or begin(decoder),
        sampling=Sampling(**{"temperature": 1, **sampling}),
        length=length,
        generator=generator_of(seed, index),
        ignore_end=ignore_end,
    )
    return list(drawing), drawing


def test_at_temperature_1_without_filters_tokens_follow_the_softmax_by_a_chi_square_test():
    logits_V = torch.tensor([1.0, -1.0, 0.3, 2.0, -2.5, 0.0])
    generator, count = generator_of(7, 0), 60_000
    wanted = filters.build(Sampling(temperature=1))
    observed = np.bincount([pick(logits_V, wanted, START, uniform=generator.random()).token for _ in range(count)], minlength=6)
    expected = logits_V.double().softmax(0).numpy() * count
    assert ((observed - expected) ** 2 / expected).sum() < 20.5, "5 degrees of freedom: p < 0.001"


def test_a_token_is_the_inverse_of_the_cumulative_distribution():
    logits_V = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64).log()
    picked = [pick(logits_V, [], START, uniform=uniform).token for uniform in (0.0, 0.499, 0.501, 0.749, 0.751, 1 - 2**-53)]
    assert picked == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("uniform", [0.0, 0.5, 1 - 2**-53, 1.0])
def test_a_token_without_probability_is_never_drawn(uniform):
    logits_V = torch.tensor([-math.inf, 0.0, -math.inf, -math.inf])
    assert pick(logits_V, [], START, uniform=uniform).token == 1


@pytest.mark.parametrize("logits", [[math.nan, 0.0, 0.0], [-math.inf, math.inf, 0.0], [math.nan, -math.inf, 1e30]])
def test_what_is_no_number_is_survived(logits):
    for uniform in (0.0, 0.6, 0.999):
        result = pick(torch.tensor(logits), [], START, uniform=uniform)
        assert result.token != 0
        assert not math.isnan(result.nats)


def test_an_output_without_any_number_is_refused():
    with pytest.raises(ModelFileError, match="no usable number"):
        pick(torch.full((3,), math.nan), [], START, uniform=0.5)


def test_the_surprisal_of_a_drawn_token_is_the_models_own_whatever_the_filters(decoder):
    tokens, _ = drawn(decoder, length=12, temperature=0.3, top_k=3, ignore_end=True)
    ids = [each.token for each in tokens]
    network = decoder.network
    with torch.inference_mode():
        logits_TBV, _ = network(torch.tensor([[0], *[[token] for token in ids[:-1]]]), network.zero_state(1))
    expected = -logits_TBV[:, 0].double().log_softmax(1)[torch.arange(12), torch.tensor(ids)]
    assert [each.nats for each in tokens] == pytest.approx(expected.tolist(), abs=1e-5)


def test_greedy_takes_the_most_probable_token_each_time(decoder):
    tokens, _ = drawn(decoder, length=15, temperature=0, ignore_end=False)
    state, token = decoder.start(), 0
    for each in tokens:
        logits_BV, state = decoder.step([token], state)
        token = int(logits_BV.argmax())
        assert each.token == token


def test_the_same_seed_and_index_draw_the_same_and_others_draw_otherwise(decoder):
    one, again = drawn(decoder, seed=3, index=2)[0], drawn(decoder, seed=3, index=2)[0]
    assert one == again
    assert one != drawn(decoder, seed=3, index=1)[0]
    assert one != drawn(decoder, seed=4, index=2)[0]


def test_a_longer_sample_begins_with_the_shorter_one(decoder):
    assert drawn(decoder, length=30)[0][:12] == drawn(decoder, length=12)[0]


def test_a_boundary_is_the_last_token_unless_it_is_ignored(decoder):
    for seed in range(20):
        tokens = [each.token for each in drawn(decoder, seed=seed, length=60, ignore_end=False)[0]]
        assert 0 not in tokens[:-1]
        if tokens[-1] == 0:
            break
    else:
        pytest.fail("no sample ended by itself")
    longer = [each.token for each in drawn(decoder, seed=seed, length=60, ignore_end=True)[0]]
    assert len(longer) == 60
    assert 0 not in longer


def test_without_a_length_it_goes_on_until_it_is_left(decoder):
    drawing = Drawing(decoder, begin(decoder), sampling=Sampling(), length=None, generator=generator_of(1, 0), ignore_end=True)
    assert len(list(islice(drawing, 300))) == 300


def test_length_zero_draws_nothing(decoder):
    tokens, drawing = drawn(decoder, length=0)
    assert tokens == []
    assert drawing.ids.tolist() == []


def test_the_context_after_drawing_is_the_one_after_reading_the_same(decoder):
    tokens, drawing = drawn(decoder, length=9)
    read = begin(decoder, np.array([each.token for each in tokens]))
    assert drawing.context.ids.tolist() == read.ids.tolist() == drawing.ids.tolist()
    torch.testing.assert_close(drawing.context.logits_V, read.logits_V, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(drawing.context.carried.layers, read.carried.layers, rtol=1e-5, atol=1e-5)


def test_reading_on_equals_reading_all_at_once(decoder):
    whole = begin(decoder, np.array([1, 2, 3, 4, 5]))
    parts = read_on(decoder, begin(decoder, np.array([1, 2])), np.array([3, 4, 5]))
    assert parts.ids.tolist() == whole.ids.tolist()
    torch.testing.assert_close(parts.logits_V, whole.logits_V, rtol=1e-6, atol=1e-6)
    assert read_on(decoder, whole, np.zeros(0, dtype=np.int64)) is whole


@pytest.mark.parametrize(("last", "expected"), [(2, {4, 7}), (-1, {3, 4, 7}), (0, set()), (100, {3, 4, 7})])
def test_the_penalty_looks_at_the_last_ids_of_prompt_and_text(decoder, monkeypatch, last, expected):
    seen = []
    original = filters.repetition_penalty

    def spy(logits_V, recent_ids, *, penalty):
        seen.append(set(recent_ids.tolist()))
        return original(logits_V, recent_ids, penalty=penalty)

    monkeypatch.setattr(filters, "repetition_penalty", spy)
    context = begin(decoder, np.array([3, 7, 4, 7]))
    tokens, _ = drawn(decoder, context=context, length=2, repetition_penalty=1.3, repeat_last_n=last)
    if last == 0:
        assert seen == []
    else:
        assert seen[0] == expected
        assert tokens[0].token in seen[1]


def test_a_strong_penalty_avoids_repetition(decoder):
    tokens, _ = drawn(decoder, length=8, temperature=0, repetition_penalty=1000.0, repeat_last_n=-1)
    assert len({each.token for each in tokens}) >= 5


def test_arguments_out_of_bounds_are_usage_errors(decoder):
    for seed, index in ((-1, 0), (1.5, 0), (True, 0), (0, -1)):
        with pytest.raises(UsageError, match="whole number"):
            generator_of(seed, index)
    with pytest.raises(UsageError, match="length"):
        drawn(decoder, length=None, temperature=Ramp(1.0, 0.5))
    for length in (-2, 1.5, True, "5"):
        with pytest.raises(UsageError, match="length"):
            as_length(length)
    assert as_length(-1) is None


def test_a_model_of_nothing_but_the_boundary_cannot_ignore_it():
    only = Decoder(LanguageModel(Architecture(vocab_size=1, embedding_size=2, hidden_size=3, num_layers=1)))
    with pytest.raises(UsageError, match="nothing but the end"):
        drawn(only)
