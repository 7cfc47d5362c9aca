"""Weights that are learned while tokens are read: a mixture that knows nothing of what comes, and ends near what is best."""

import numpy as np
import pytest

from lstmgen.model import experts
from lstmgen.model.experts import mixed_by_learned_weights
from lstmgen.model.recall import mixed_as_learned

C, T, V = 5, 400, 7
EVEN = np.full(C, 1 / C)


def drawn(seed, *, spread=3.0, silent=0.1):
    """Distributions under C columns, of shape (C, T, V), and the tokens that came; the last two columns are silent at times."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(C, T, V)) * spread
    nats_CTV = np.log(np.exp(logits).sum(axis=-1, keepdims=True)) - logits
    nats_CTV[-2:][rng.random((2, T)) < silent] = -np.inf
    return nats_CTV, rng.integers(V, size=T)


def of_tokens(nats_CTV, ids_T):
    return nats_CTV[:, np.arange(len(ids_T)), ids_T]


def by_the_equations(nats_CT, weights, rate=0.02):
    weights, found, largest = list(weights), [], []
    for nats_C in nats_CT.T:
        heard = [i for i, nats in enumerate(nats_C) if nats != -np.inf]
        p = sum(weights[i] * np.exp(-nats_C[i]) for i in heard) / sum(weights[i] for i in heard)
        ratios = [np.exp(-nats_C[i]) / p if i in heard else 1.0 for i in range(len(weights))]
        found.append(-np.log(p))
        largest.append(max(ratios))
        grown = [w * np.exp(min(1.0, rate * ratio)) for w, ratio in zip(weights, ratios, strict=True)]
        weights = [w / sum(grown) for w in grown]
    return np.array(found), np.array(weights), np.array(largest)


@pytest.mark.parametrize("seed", range(3))
def test_it_gives_what_the_equations_say(seed):
    nats_CT, first = of_tokens(*drawn(seed)), np.array([0.3, 0.25, 0.2, 0.2, 0.05])
    nats_T, weights = mixed_by_learned_weights(nats_CT, first)
    expected_T, expected, _ = by_the_equations(nats_CT, first)
    np.testing.assert_allclose(nats_T, expected_T, rtol=1e-10)
    np.testing.assert_allclose(weights, expected, rtol=1e-10)
    assert np.abs(weights - first).max() > 0.01


def test_probabilities_of_all_that_may_follow_sum_to_one_whatever_has_none_or_is_silent():
    nats_CTV, ids = drawn(4)
    nats_CTV[0, -1] = np.where(np.arange(V) == 2, 0.0, np.inf)
    nats_CTV[-1, -1] = -np.inf
    nats = [mixed_by_learned_weights(of_tokens(nats_CTV, [*ids[:-1], token]), EVEN)[0][-1] for token in range(V)]
    assert np.exp(-np.array(nats)).sum() == pytest.approx(1, abs=1e-12)


def test_a_token_counts_nothing_that_follows_it():
    nats_CTV, ids = drawn(5)
    other = np.concatenate([ids[:150], (ids[150:] + 1) % V])
    one, two = (mixed_by_learned_weights(of_tokens(nats_CTV, each), EVEN)[0] for each in (ids, other))
    np.testing.assert_array_equal(one[:150], two[:150])
    assert (one[150:] != two[150:]).any()


@pytest.mark.parametrize("seed", range(3))
def test_weights_stay_positive_and_sum_to_one_even_behind_what_cannot_be(seed):
    rng = np.random.default_rng(seed)
    nats_CT = rng.choice([0.0, 1e-9, 1.0, 40.0, 2000.0, np.inf, -np.inf], size=(C, 3000))
    nats_CT[0] = rng.choice([0.0, 3.0, 1500.0], size=3000)
    nats_T, weights = mixed_by_learned_weights(nats_CT, EVEN)
    assert np.isfinite(nats_T).all()
    assert (nats_T >= -1e-9).all()
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)


def test_what_was_useless_for_long_comes_back_and_one_token_decides_nothing():
    long, since = 50_000, 1_000
    sure, unsure = np.full(long, 1e-3), np.full(long, 30.0)
    one, other = np.concatenate([sure, unsure[:since]]), np.concatenate([unsure, sure[:since]])
    _, before = mixed_by_learned_weights(np.stack([one[:long], other[:long]]), np.array([0.5, 0.5]))
    _, behind_one = mixed_by_learned_weights(np.stack([one[: long + 1], other[: long + 1]]), np.array([0.5, 0.5]))
    nats_T, after = mixed_by_learned_weights(np.stack([one, other]), np.array([0.5, 0.5]))
    assert before[1] < 1e-7
    assert behind_one[1] < 1e-6
    assert after[1] > 0.99
    assert nats_T[-100:].mean() < 0.01


def test_the_mixture_goes_to_what_is_certain_and_right():
    right, uniform = np.zeros(T), np.full(T, np.log(V))
    nats_T, weights = mixed_by_learned_weights(np.stack([uniform, right]), np.array([0.95, 0.05]))
    assert (np.diff(nats_T) < 0).all()
    assert weights[1] > 0.99
    assert nats_T[-1] < 0.02


@pytest.mark.parametrize("seed", range(5))
def test_no_weights_that_never_change_are_better_by_more_than_the_bound(seed):
    """KL(u, w) / rate + sum of (exp(rate R) - 1) / (rate R) - 1; of one column, of those of the start, and of any other weights."""
    rng, rate = np.random.default_rng(seed), experts._RATE
    nats_CT, first = of_tokens(*drawn(seed, silent=0)), rng.dirichlet(np.ones(C))
    nats_CT[1] *= 0.3
    nats_T, _ = mixed_by_learned_weights(nats_CT, first)
    _, _, largest_T = by_the_equations(nats_CT, first)
    assert rate * largest_T.max() < 1, "no weight was cut off"
    by_the_token = (np.expm1(rate * largest_T) / (rate * largest_T) - 1).sum()
    for fixed in (*np.eye(C), first, rng.dirichlet(np.ones(C))):
        alone = -np.log(fixed @ np.exp(-nats_CT)).sum()
        divergence = sum(u * np.log(u / w) for u, w in zip(fixed, first, strict=True) if u)
        assert nats_T.sum() <= alone + divergence / rate + by_the_token


def test_a_column_that_says_nothing_changes_nothing_and_twins_share_what_one_has():
    nats_CT = of_tokens(*drawn(8, silent=0))
    nats_T, weights = mixed_by_learned_weights(nats_CT, EVEN)
    silent = np.concatenate([nats_CT, np.full((1, T), -np.inf)])
    with_silent_T, with_silent = mixed_by_learned_weights(silent, np.append(EVEN * 0.7, 0.3))
    np.testing.assert_allclose(with_silent_T, nats_T, rtol=1e-9)
    np.testing.assert_allclose(with_silent[:-1] / with_silent[:-1].sum(), weights, rtol=1e-7)
    twins_T, twins = mixed_by_learned_weights(np.concatenate([nats_CT, nats_CT]), np.concatenate([EVEN, EVEN]) / 2)
    np.testing.assert_allclose(twins_T, nats_T, rtol=1e-9)
    np.testing.assert_allclose(twins[:C] + twins[C:], weights, rtol=1e-7)


def test_caches_begin_with_a_tenth_together_and_predictions_share_the_rest():
    one, other, cache = np.array([1.0, 1.0]), np.array([2.0, 2.0]), np.array([-np.inf, 3.0])
    nats_T, share = mixed_as_learned(np.stack([one, other]), np.stack([cache, cache, cache]))
    models = (np.exp(-1) + np.exp(-2)) / 2
    assert np.exp(-nats_T[0]) == pytest.approx(models)
    # Silent caches keep a tenth by the first token, and the better model has gained on the other a little.
    assert np.exp(-nats_T[1]) == pytest.approx(0.9 * models + 0.1 * np.exp(-3), rel=0.01)
    assert 0.09 < share < 0.1
    _, nothing = mixed_as_learned(np.empty((2, 0)), np.empty((3, 0)))
    assert nothing == pytest.approx(0.1)
