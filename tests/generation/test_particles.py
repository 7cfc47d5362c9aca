"""Ways to fill a gap and their weights: exact where all of them can be followed, without bias where not."""

import itertools
import math

import numpy as np
import pytest
import torch

from lstmgen.generation import filters
from lstmgen.generation.draw import begin
from lstmgen.generation.particles import Search, Ways, chosen
from lstmgen.generation.sampling import Sampling
from lstmgen.ids import BOUNDARY_ID
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel

VOCABULARY = 5
BEFORE = np.array([1, 2, 2])
AFTER = np.array([4, 1, 3, 3, 2, 1])


class Filling:
    """So many ids of 1 to 4, some of which are known."""

    def __init__(self, known, ids=(), *, staged=False):
        self.ids, self._known, self._staged = [*ids], known, staged

    @property
    def stage(self):
        return sum(each is not None for each in self._known[: len(self.ids)]) if self._staged else 0

    @property
    def ended(self):
        return len(self.ids) == len(self._known)

    complete = ended

    def allowed(self):
        known = self._known[len(self.ids)]
        return np.arange(VOCABULARY) > 0 if known is None else np.arange(VOCABULARY) == known

    def push(self, token_id):
        assert self.allowed()[token_id]
        self.ids.append(token_id)

    def legal(self):
        return None

    def legal_behind(self, _):
        return None

    def fork(self):
        return Filling(self._known, self.ids, staged=self._staged)

    def behind(self, most):
        return AFTER[:most]


class Gap:
    before = BEFORE

    def __init__(self, known, **how):
        self._known, self._how = known, how

    def filling(self):
        return Filling(self._known, **self._how)


@pytest.fixture(scope="module")
def decoder():
    with torch.random.fork_rng():
        torch.manual_seed(11)
        network = LanguageModel(Architecture(vocab_size=VOCABULARY, embedding_size=6, hidden_size=8, num_layers=2))
        with torch.no_grad():
            network.head.weight.mul_(2)
    return Decoder(network.eval())


def log_p(decoder, ids):
    """log p of each of some ids behind the boundary."""
    with torch.inference_mode():
        logits_TBV, _ = decoder.network(torch.tensor([[BOUNDARY_ID], *[[each] for each in ids[:-1]]]), decoder.network.zero_state(1))
    return logits_TBV[:, 0].double().log_softmax(1)[torch.arange(len(ids)), torch.tensor(ids)].numpy()


def exact(decoder, known, horizon):
    """Every filling, and log p of it with all that is kept, by enumeration."""
    choices = [range(1, VOCABULARY) if each is None else [each] for each in known]
    fillings = list(itertools.product(*choices))
    after = AFTER[:horizon].tolist()
    return {ids: float(log_p(decoder, [*BEFORE.tolist(), *ids, *after])[len(BEFORE) :].sum()) for ids in fillings}


def searched(decoder, known, *, count, horizon=6, seed=0, truth=None, sampling=None, distinct=True, **how):
    gap = Gap(known, **how)
    search = Search(
        decoder=decoder,
        wanted=filters.build(sampling or Sampling(temperature=1)),
        count=count,
        generator=np.random.default_rng(seed),
        distinct=distinct,
    )
    ways = search.written(Ways.of(gap, begin(decoder, gap.before), truth=truth is not None), truth=truth)
    return search.weighed(ways, horizon=horizon)


@pytest.mark.parametrize("known", [(None,), (None, None, None), (None, 3, None), (2, None, 1, None)])
@pytest.mark.parametrize("staged", [False, True])
def test_where_all_fillings_can_be_followed_their_weights_are_those_of_enumeration(decoder, known, staged):
    expected = exact(decoder, known, 1)
    ways = searched(decoder, known, count=300, horizon=1, staged=staged)
    found = {tuple(filling.ids): weight for filling, weight in zip(ways.fillings, ways.log_weight_K.tolist(), strict=True)}
    # Of more than 32 fillings some stand for others once something that follows has been read.
    heaviest = sorted(expected, key=expected.get)[-8:]
    assert {ids: found[ids] for ids in heaviest} == pytest.approx({ids: expected[ids] for ids in heaviest}, abs=1e-4)
    if len(expected) <= 32:
        assert found == pytest.approx(expected, abs=1e-4)


def test_what_follows_counts_as_far_as_the_horizon(decoder):
    for horizon in (0, 1, 3, len(AFTER), 99):
        expected = exact(decoder, (None, None), horizon)
        ways = searched(decoder, (None, None), count=50, horizon=horizon)
        assert ways.log_total == pytest.approx(np.logaddexp.reduce(list(expected.values())), abs=1e-4)
        best = ways.fillings[int(np.argmax(ways.log_weight_K))]
        assert tuple(best.ids) == max(expected, key=expected.get)


@pytest.mark.parametrize(
    ("known", "staged", "distinct"), [((None,) * 3, False, True), ((None, 1, None), True, True), ((None, 1, None), True, False)]
)
def test_with_few_ways_the_probability_of_what_is_kept_is_estimated_without_bias(decoder, known, staged, distinct):
    total = np.exp(np.logaddexp.reduce(list(exact(decoder, known, len(AFTER)).values())))
    how = {"count": 4, "staged": staged, "distinct": distinct}
    found = [math.exp(searched(decoder, known, seed=seed, **how).log_total) / total for seed in range(30)]
    assert np.std(found) > 0.01, "with few ways there is chance in it"
    assert abs(np.mean(found) - 1) < 4 * np.std(found) / math.sqrt(len(found))


def test_the_filling_that_was_there_is_followed_however_improbable_it_is(decoder):
    known = (None,) * 4
    expected = exact(decoder, known, len(AFTER))
    worst = min(expected, key=expected.get)
    for seed in range(5):
        ways = searched(decoder, known, count=5, seed=seed, truth=np.array(worst))
        true = np.flatnonzero(ways.true_K)
        assert [tuple(ways.fillings[place].ids) for place in true] == [worst]
        assert ways.nats_K[true[0]] - ways.behind_K[true[0]] == pytest.approx(-expected[worst], abs=1e-4)


@pytest.mark.parametrize(("known", "distinct"), [((None,) * 3, True), ((None, 2, None), False)])
def test_given_a_filling_from_the_posterior_the_inverse_of_the_estimate_has_no_bias(decoder, known, distinct):
    expected = exact(decoder, known, len(AFTER))
    total, random = np.logaddexp.reduce(list(expected.values())), np.random.default_rng(3)
    fillings, shares = list(expected), np.exp(np.array(list(expected.values())) - total)
    found = []
    for seed in range(30):
        truth = np.array(fillings[random.choice(len(fillings), p=shares / shares.sum())])
        found.append(math.exp(total - searched(decoder, known, count=4, seed=seed, truth=truth, distinct=distinct, staged=True).log_total))
    assert abs(np.mean(found) - 1) < 4 * np.std(found) / math.sqrt(len(found))


def test_a_temperature_is_of_what_is_drawn_and_not_of_what_is_kept(decoder):
    sampling = Sampling(temperature=0.5)
    expected = {}
    for ids, value in exact(decoder, (None,), len(AFTER)).items():
        behind = value - log_p(decoder, [*BEFORE.tolist(), *ids])[-1]
        expected[ids] = behind
    prior = np.array([log_p(decoder, [*BEFORE.tolist(), *ids])[-1] for ids in expected])
    mass = np.logaddexp.reduce(prior)
    cooled = 2 * prior - np.logaddexp.reduce(2 * prior) + mass
    ways = searched(decoder, (None,), count=9, sampling=sampling)
    assert ways.log_weight_K == pytest.approx(cooled + np.array(list(expected.values())), abs=1e-4)


def test_what_is_chosen_is_distinct_and_its_expected_weight_is_its_own():
    random = np.random.default_rng(5)
    weights = random.exponential(size=30) ** 3
    weights[7] = 0
    sums = np.zeros(30)
    for seed in range(600):
        rows, log_weights = chosen(
            np.log(np.where(weights > 0, weights, 1e-300)) + np.where(weights > 0, 0, -np.inf), 8, np.random.default_rng(seed)
        )
        assert len(rows) == len(set(rows.tolist())) == 8
        assert np.exp(log_weights).sum() == pytest.approx(weights.sum())
        sums[rows] += np.exp(log_weights)
    assert sums[7] == 0
    assert sums / 600 == pytest.approx(weights, abs=0.15 * weights.max())
    heaviest = np.argsort(-weights)[:2]
    assert sums[heaviest] / 600 == pytest.approx(weights[heaviest])
