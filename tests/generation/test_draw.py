"""Drawing tokens one after the other, for one sample and for many side by side."""

import math
from itertools import islice

import numpy as np
import pytest
import torch

from lstmgen.errors import ModelFileError, UsageError
from lstmgen.generation import filters
from lstmgen.generation.draw import Lane, begin, draw, generator_of, pick, read_on
from lstmgen.generation.filters import Moment
from lstmgen.generation.sampling import Ramp, Sampling
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel

VOCABULARY = 9
START = Moment(0, 1)


def pick_one(logits_V, wanted, *, uniform):
    """What is picked for one row."""
    return pick(logits_V.unsqueeze(0), wanted, [START], uniforms=[uniform])[0]


@pytest.fixture(scope="module")
def decoder():
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = LanguageModel(Architecture(vocab_size=VOCABULARY, embedding_size=5, hidden_size=7, num_layers=2))
        with torch.no_grad():
            network.head.weight.mul_(4)
    return Decoder(network.eval())


class Ids:
    """A writer whose pieces are the ids themselves, once each."""

    def __init__(self, allowed_V=None, *, most=None):
        self.ended = None
        self.asked = 0
        self._allowed_V, self._most, self._pushed = allowed_V, most, 0

    at_boundary = "end-of-document"
    heat = 1.0
    tempered = weighed = ()
    tries = 0

    def allowed(self):
        self.asked += 1
        return self._allowed_V

    def push(self, token_id):
        self._pushed += 1
        self.ended = "enough" if self._pushed == self._most else None
        return [token_id]

    def may_end(self):
        return True

    def finish(self, *, cut=False):
        return ["cut" if cut else "end"]


NO_END = np.arange(VOCABULARY) != 0


def lane_of(context, *, seed=1, index=0, length=40, allowed_V=NO_END, most=None, **sampling):
    return Lane(
        Ids(allowed_V, most=most),
        context,
        sampling=Sampling(**{"temperature": 1, **sampling}),
        length=length,
        generator=generator_of(seed, index),
    )


def drawn(decoder, *, context=None, **options):
    """What one sample draws, and its lane."""
    context = context or begin(decoder)
    lane = lane_of(context, **options)
    for _ in draw(decoder, [lane]):
        pass
    return lane.ids.tolist(), lane


def test_at_temperature_1_without_filters_tokens_follow_the_softmax_by_a_chi_square_test():
    logits_V = torch.tensor([1.0, -1.0, 0.3, 2.0, -2.5, 0.0])
    generator, count = generator_of(7, 0), 60_000
    wanted = filters.build(Sampling(temperature=1))
    observed = np.bincount([pick_one(logits_V, wanted, uniform=generator.random()).token for _ in range(count)], minlength=6)
    expected = logits_V.double().softmax(0).numpy() * count
    assert ((observed - expected) ** 2 / expected).sum() < 20.5, "5 degrees of freedom: p < 0.001"


def test_a_token_is_the_inverse_of_the_cumulative_distribution():
    logits_V = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64).log()
    picked = [pick_one(logits_V, [], uniform=uniform).token for uniform in (0.0, 0.499, 0.501, 0.749, 0.751, 1 - 2**-53)]
    assert picked == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("uniform", [0.0, 0.5, 1 - 2**-53, 1.0])
def test_a_token_without_probability_is_never_drawn(uniform):
    logits_V = torch.tensor([-math.inf, 0.0, -math.inf, -math.inf])
    assert pick_one(logits_V, [], uniform=uniform).token == 1


@pytest.mark.parametrize("logits", [[math.nan, 0.0, 0.0], [-math.inf, math.inf, 0.0], [math.nan, -math.inf, 1e30]])
def test_what_is_no_number_is_survived(logits):
    for uniform in (0.0, 0.6, 0.999):
        result = pick_one(torch.tensor(logits), [], uniform=uniform)
        assert result.token != 0
        assert not math.isnan(result.nats)


def test_an_output_without_any_number_is_refused():
    with pytest.raises(ModelFileError, match="no usable number"):
        pick_one(torch.full((3,), math.nan), [], uniform=0.5)


def test_the_surprisal_of_what_was_drawn_is_the_models_own_whatever_the_filters(decoder):
    ids, lane = drawn(decoder, length=12, temperature=0.3, top_k=3)
    network = decoder.network
    with torch.inference_mode():
        logits_TBV, _ = network(torch.tensor([[0], *[[token] for token in ids[:-1]]]), network.zero_state(1))
    expected = -logits_TBV[:, 0].double().log_softmax(1)[torch.arange(12), torch.tensor(ids)]
    assert lane.nats == pytest.approx(float(expected.sum()), abs=1e-4)


def test_greedy_takes_the_most_probable_token_each_time(decoder):
    ids, _ = drawn(decoder, length=15, temperature=0, allowed_V=None)
    token, state = 0, decoder.start()
    for drawn_token in ids:
        logits_BV, state = decoder.step([token], state)
        token = int(logits_BV[0].argmax())
        assert drawn_token == token


def test_the_same_seed_and_index_draw_the_same_and_others_draw_otherwise(decoder):
    one, again = drawn(decoder, seed=3, index=2)[0], drawn(decoder, seed=3, index=2)[0]
    assert one == again
    assert one != drawn(decoder, seed=3, index=1)[0]
    assert one != drawn(decoder, seed=4, index=2)[0]


def test_a_longer_sample_begins_with_the_shorter_one(decoder):
    assert drawn(decoder, length=30)[0][:12] == drawn(decoder, length=12)[0]


def test_a_boundary_ends_a_sample_and_is_no_part_of_it_unless_it_is_not_allowed(decoder):
    ended = set()
    for seed in range(20):
        ids, lane = drawn(decoder, seed=seed, length=12, allowed_V=None)
        assert 0 not in ids
        assert lane.ended == ("length" if len(ids) == 12 else "end-of-document")
        ended.add(lane.ended)
        longer, lane = drawn(decoder, seed=seed, length=12)
        assert (len(longer), lane.ended) == (12, "length")
        assert 0 not in longer
    assert ended == {"end-of-document", "length"}


def test_nothing_is_drawn_that_is_not_allowed_and_all_that_is(decoder):
    allowed_V = np.isin(np.arange(VOCABULARY), [2, 5, 7])
    ids, _ = drawn(decoder, length=200, allowed_V=allowed_V, top_k=8)
    assert set(ids) == {2, 5, 7}


def test_a_sample_ends_when_its_writer_says_so(decoder):
    ids, lane = drawn(decoder, most=5)
    assert (len(ids), lane.ended) == (5, "enough")


def test_a_writer_that_has_ended_before_the_first_token_is_asked_for_nothing(decoder):
    context, writer = begin(decoder), Ids()
    writer.ended = "enough"
    ended = Lane(writer, context, sampling=Sampling(), length=5, generator=generator_of(1, 0))
    assert ended.ended == "enough"
    assert list(draw(decoder, [ended])) == []
    assert writer.asked == 0


def test_without_a_length_it_continues_until_it_is_left(decoder):
    context = begin(decoder)
    lane = lane_of(context, length=None)
    assert len(list(islice(draw(decoder, [lane]), 300))) == lane.tokens == 300


@pytest.mark.parametrize("cut", [False, True])
def test_every_sample_is_given_piece_by_piece_and_finished_once(decoder, cut):
    context = begin(decoder)
    lanes = [lane_of(context, index=index, length=length) for index, length in enumerate((3, 9, 1, 0))]
    pieces = [[] for _ in lanes]
    for lane, piece in draw(decoder, lanes, cut=cut):
        pieces[lanes.index(lane)].append(piece)
    last = ["cut" if cut else "end"]
    assert pieces == [[*([token] for token in lane.ids.tolist()), last] if lane.tokens else [] for lane in lanes]
    assert [lane.tokens for lane in lanes] == [3, 9, 1, 0]


@pytest.mark.parametrize("together", [1, 2, 3, 5, 8])
def test_a_sample_is_the_same_whatever_is_drawn_beside_it(decoder, together):
    context = begin(decoder, np.array([3, 1, 4]))
    alone = [drawn(decoder, context=context, index=index, length=4 + 3 * index % 7, top_k=5) for index in range(8)]
    for first in range(0, 8, together):
        lanes = [lane_of(context, index=index, length=4 + 3 * index % 7, top_k=5) for index in range(first, min(8, first + together))]
        for _ in draw(decoder, lanes):
            pass
        for (ids, lane), beside in zip(alone[first:], lanes, strict=False):
            assert beside.ids.tolist() == ids
            assert beside.nats == lane.nats


def test_length_zero_draws_nothing(decoder):
    ids, lane = drawn(decoder, length=0)
    assert (ids, lane.ended, lane.nats) == ([], "length", 0)


def test_drawing_leaves_its_context_as_it_was(decoder):
    context = begin(decoder, np.array([3, 1]))
    before = context.logits_V.clone(), {name: tensor.clone() for name, tensor in context.state.tensors().items()}
    drawn(decoder, context=context, length=9)
    assert torch.equal(context.logits_V, before[0])
    assert all(torch.equal(tensor, before[1][name]) for name, tensor in context.state.tensors().items())
    assert context.ids.tolist() == [3, 1]


def test_reading_on_equals_reading_all_at_once(decoder):
    whole = begin(decoder, np.array([1, 2, 3, 4, 5]))
    parts = read_on(decoder, begin(decoder, np.array([1, 2])), np.array([3, 4, 5]))
    assert parts.ids.tolist() == whole.ids.tolist()
    torch.testing.assert_close(parts.logits_V, whole.logits_V, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(parts.state.tensors(), whole.state.tensors(), rtol=1e-6, atol=1e-6)
    assert read_on(decoder, whole, np.zeros(0, dtype=np.int64)) is whole


@pytest.mark.parametrize(("last", "expected"), [(2, {4, 7}), (-1, {3, 4, 7}), (0, set()), (100, {3, 4, 7})])
def test_the_penalty_looks_at_the_last_ids_of_prompt_and_text(decoder, monkeypatch, last, expected):
    seen = []
    original = filters.repetition_penalty

    def spy(logits_V, recent_ids, *, penalty):
        seen.append(set(recent_ids))
        return original(logits_V, recent_ids, penalty=penalty)

    monkeypatch.setattr(filters, "repetition_penalty", spy)
    context = begin(decoder, np.array([3, 7, 4, 7]))
    ids, _ = drawn(decoder, context=context, length=2, repetition_penalty=1.3, repeat_last_n=last)
    if last == 0:
        assert seen == []
    else:
        assert seen[0] == expected
        assert ids[0] in seen[1]


def test_a_strong_penalty_avoids_repetition(decoder):
    ids, _ = drawn(decoder, length=8, temperature=0, repetition_penalty=1000.0, repeat_last_n=-1)
    assert len(set(ids)) >= 5


def test_a_ramp_without_a_length_is_a_usage_error(decoder):
    with pytest.raises(UsageError, match="length"):
        drawn(decoder, length=None, temperature=Ramp(1.0, 0.5))


class Passages(Ids):
    """A writer that has what follows its third id drawn again, at most twice, where an id of the passage is odd."""

    steady = False

    def __init__(self):
        super().__init__(NO_END)
        self.kept = []

    def push(self, token_id):
        if self.tries in {1, 2} and token_id % 2:
            del self.kept[3:]
            self.tries += 1
            return []
        self.kept.append(token_id)
        self.tries = self.tries or int(len(self.kept) == 3)
        self.ended = "enough" if len(self.kept) == 6 else None
        return [token_id]


@pytest.mark.parametrize(
    "sampling", [{}, {"repetition_penalty": 1.5, "repeat_last_n": 4}, {"repetition_penalty": 1.5, "repeat_last_n": -1}]
)
def test_a_passage_is_drawn_again_from_where_the_model_stood(decoder, sampling):
    context = read_on(decoder, begin(decoder), np.array([2, 5]))

    def started(index):
        writer, wanted = Passages(), Sampling(temperature=1, **sampling)
        return writer, Lane(writer, context, sampling=wanted, length=40, generator=generator_of(3, index))

    every = [started(index) for index in range(12)]
    for _ in draw(decoder, [lane for _, lane in every]):
        pass
    assert {1, 2, 3} <= {writer.tries for writer, _ in every}
    for index, (writer, lane) in enumerate(every):
        _, alone = started(index)
        for _ in draw(decoder, [alone]):
            pass
        assert alone.ids.tolist() == lane.ids.tolist() == writer.kept
        assert alone.nats == lane.nats
        nats, here = 0.0, context
        for token in writer.kept:
            nats -= float(torch.as_tensor(here.logits_V).double().log_softmax(0)[token])
            here = read_on(decoder, here, np.array([token]))
        assert lane.nats == pytest.approx(nats, rel=1e-5)
        if sampling:
            before = [2, 5, *writer.kept]
            assert set(lane.moment().recent) == set(before if sampling["repeat_last_n"] < 0 else before[-4:])
