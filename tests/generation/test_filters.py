"""Each filter alone does what its definition says."""

import math

import numpy as np
import pytest

from lstmgen.generation import filters
from lstmgen.generation.filters import Moment
from lstmgen.generation.sampling import Cycle, Ramp, Sampling
from lstmgen.media.writing import Tempered, Weighed

INF = math.inf


def logits_of(*probabilities):
    return np.log(np.array(probabilities))


def kept(logits_V):
    return [index for index, value in enumerate(logits_V.tolist()) if value > -INF]


FOUR = logits_of(0.4, 0.1, 0.3, 0.2)


def test_temperature_divides_the_logits_and_moves_their_maximum_to_zero():
    result = filters.temperature(np.array([3.0, 1.0, -1.0, 2.0]), 2.0)
    assert result.tolist() == [0.0, -1.0, -2.0, -0.5]


def test_temperature_changes_probabilities_as_their_power():
    expected = np.array([0.4, 0.1, 0.3, 0.2]) ** (1 / 0.7)
    np.testing.assert_allclose(filters.softmax(filters.temperature(FOUR, 0.7)), expected / expected.sum(), rtol=1e-12)


def test_temperature_zero_keeps_the_most_probable_and_the_lowest_id_among_equals():
    assert kept(filters.temperature(FOUR, 0)) == [0]
    assert kept(filters.temperature(np.array([1.0, 5.0, 5.0, 0.0]), 0)) == [1]


@pytest.mark.parametrize(("k", "expected"), [(1, [0]), (2, [0, 2]), (3, [0, 2, 3]), (4, [0, 1, 2, 3]), (99, [0, 1, 2, 3])])
def test_top_k_keeps_the_k_most_probable(k, expected):
    assert kept(filters.top_k(FOUR, k)) == expected


def test_top_k_keeps_exactly_k_and_the_lowest_ids_among_equals():
    logits_V = np.array([2.0, 7.0, 2.0, 7.0, 2.0, 2.0])
    assert kept(filters.top_k(logits_V, 1)) == [1]
    assert kept(filters.top_k(logits_V, 3)) == [0, 1, 3]
    assert kept(filters.top_k(logits_V, 4)) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("p", "expected"), [(0.01, [0]), (0.39, [0]), (0.41, [0, 2]), (0.69, [0, 2]), (0.71, [0, 2, 3]), (0.91, [0, 1, 2, 3])]
)
def test_top_p_keeps_the_smallest_set_that_reaches_p(p, expected):
    assert kept(filters.top_p(FOUR, p)) == expected


def test_top_p_takes_the_lowest_ids_among_equals():
    assert kept(filters.top_p(np.zeros(8), 0.5)) == [0, 1, 2, 3]


@pytest.mark.parametrize(("share", "expected"), [(0.0, [0, 1, 2, 3]), (0.24, [0, 1, 2, 3]), (0.26, [0, 2, 3]), (0.6, [0, 2]), (1.0, [0])])
def test_min_p_keeps_what_is_at_least_that_share_of_the_most_probable(share, expected):
    assert kept(filters.min_p(FOUR, share)) == expected


def test_typical_keeps_what_is_nearest_to_the_expected_surprisal():
    probabilities = [0.4, 0.1, 0.3, 0.2]
    entropy = -sum(p * math.log(p) for p in probabilities)
    order = sorted(range(4), key=lambda index: abs(-math.log(probabilities[index]) - entropy))
    assert order[0] == 2, "the most probable token is not the most typical one here"
    reached = 0.0
    for count, index in enumerate(order, 1):
        reached += probabilities[index]
        assert kept(filters.typical_p(FOUR, reached - 0.01)) == sorted(order[:count])


def test_the_repetition_penalty_divides_positive_and_multiplies_negative_logits_of_recent_ids():
    logits_V = np.array([2.0, -2.0, 3.0, -3.0, 0.0])
    result = filters.repetition_penalty(logits_V, [0, 1, 4], penalty=2.0)
    assert result.tolist() == [1.0, -4.0, 3.0, -3.0, 0.0]
    assert logits_V.tolist() == [2.0, -2.0, 3.0, -3.0, 0.0]


def test_the_mask_removes_what_is_banned_and_nothing_else():
    result = filters.mask(FOUR, np.array([False, True, True, False]))
    assert kept(result) == [1, 2]
    assert result[1:3].tolist() == FOUR[1:3].tolist()


def test_each_row_has_its_own_mask_or_none():
    allowed_V = np.array([False, True, True, False])
    moments = [Moment(0, 1, (), allowed_V), Moment(0, 1), Moment(0, 1, (), ~allowed_V)]
    result_BV = filters.keep_allowed(np.tile(FOUR, (3, 1)), moments)
    assert [kept(result_V) for result_V in result_BV] == [[1, 2], [0, 1, 2, 3], [0, 3]]
    shared_BV = filters.keep_allowed(np.tile(FOUR, (2, 1)), [moments[0], moments[0]])
    assert [kept(result_V) for result_V in shared_BV] == [[1, 2], [1, 2]]
    assert np.array_equal(result_BV[0][1:3], FOUR[1:3])


def test_where_only_banned_tokens_have_probability_the_others_become_equal():
    result = filters.mask(np.array([3.0, -INF, -INF, -INF]), np.array([False, True, True, True]))
    assert result.tolist() == [-INF, 0.0, 0.0, 0.0]


def applied(wanted, logits_V, moment):
    """One row after all filters; beside others it is the same, bit for bit."""
    alone_V = filters.apply(wanted, logits_V[None], [moment])[0]
    others = [Moment(position, 9, (1,)) for position in range(4)]
    beside_BV = filters.apply(wanted, np.stack([*[FOUR[: len(logits_V)][::-1]] * 4, logits_V]), [*others, moment])
    assert np.array_equal(alone_V, beside_BV[-1])
    return alone_V


EXTREME = {
    "huge": [1e30, -1e30, 1e30, 0.0],
    "tiny differences": [1e30, 1e30, 1e30, 1e30],
    "all gone but one": [-INF, -INF, 3.0, -INF],
    "far below zero": [-1e30, -1e30, -1e30, -3e38],
    "flat": [0.0, 0.0, 0.0, 0.0],
}
STRONG = [
    Sampling(temperature=1e-6),
    Sampling(temperature=1e6),
    Sampling(temperature=5e-324),
    Sampling(temperature=1.7e308),
    Sampling(temperature=0),
    Sampling(temperature=1, top_k=1),
    Sampling(temperature=1, top_p=1e-300),
    Sampling(temperature=1, min_p=1.0),
    Sampling(temperature=1, typical_p=1e-300),
    Sampling(temperature=1, repetition_penalty=1000.0),
    Sampling(temperature=1, repetition_penalty=0.001),
    Sampling(temperature=1e-6, top_k=2, top_p=0.5, min_p=0.5, typical_p=0.5, repetition_penalty=3.0),
]


@pytest.mark.parametrize("name", EXTREME)
@pytest.mark.parametrize("sampling", STRONG, ids=str)
def test_something_is_always_left_to_draw_and_never_what_was_impossible(name, sampling):
    logits_V = np.array(EXTREME[name])
    result = applied(filters.build(sampling), logits_V, Moment(0, 4, (0, 2)))
    probabilities_V = filters.softmax(result)
    assert not np.isnan(probabilities_V).any()
    assert float(probabilities_V.sum()) == pytest.approx(1)
    assert set(kept(result)) <= set(kept(logits_V))
    assert kept(result)


def test_at_temperature_1_with_nothing_else_there_is_no_filter_at_all():
    assert filters.build(Sampling(temperature=1)) == []
    assert filters.build(Sampling(temperature=1, repetition_penalty=2.0, repeat_last_n=0)) == []


def test_filters_apply_in_the_documented_order(monkeypatch):
    called = []

    def spied(name, original):
        def spy(*args, **kwargs):
            called.append(name)
            return original(*args, **kwargs)

        return spy

    names = ["repetition_penalty", "temperature", "top_k", "top_p", "min_p", "typical_p"]
    for name in names:
        monkeypatch.setattr(filters, name, spied(name, getattr(filters, name)))
    sampling = Sampling(temperature=0.5, top_k=3, top_p=0.9, min_p=0.1, typical_p=0.9, repetition_penalty=1.5)
    filters.apply(filters.build(sampling), FOUR[None], [Moment(0, 9, (2,))])
    assert called == names
    assert list(filters.ORDER) == ["penalties", "temperature", "top-k", "top-p", "min-p", "typical"]


def test_top_p_works_on_the_tempered_distribution():
    sampling = Sampling(temperature=0.5, top_p=0.5)
    result = applied(filters.build(sampling), FOUR, Moment(0, 1))
    assert kept(result) == [0], "0.16 of 0.30 is more than half; untempered, 0.4 would not be"


def test_ramps_and_cycles_follow_the_position():
    logits_V = np.array([0.0, -1.0])
    for sampling, position, length, expected in (
        (Sampling(temperature=Ramp(1.0, 0.5)), 0, 3, 1.0),
        (Sampling(temperature=Ramp(1.0, 0.5)), 2, 3, 0.5),
        (Sampling(temperature=Cycle((2.0, 0.5))), 2, None, 2.0),
        (Sampling(temperature=Cycle((2.0, 0.5))), 3, None, 0.5),
    ):
        result = applied(filters.build(sampling), logits_V, Moment(position, length))
        assert result.tolist() == [0.0, -1.0 / expected]


@pytest.mark.parametrize("vocabulary", [3, 17, 65, 1_003])
@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0.7),
        Sampling(temperature=0.9, top_p=0.9),
        Sampling(temperature=1.3, top_k=5),
        Sampling(temperature=1, typical_p=0.8),
        Sampling(temperature=Cycle((0.5, 0.0, 1.5)), min_p=0.02, repetition_penalty=1.3),
    ],
    ids=str,
)
def test_a_row_is_the_same_bit_for_bit_whatever_the_others_are(vocabulary, sampling):
    logits_BV = 4 * np.random.default_rng(vocabulary).standard_normal((9, vocabulary))
    moments = [Moment(place, None, tuple(range(place % vocabulary))) for place in range(9)]
    wanted = filters.build(sampling)
    together_BV = filters.apply(wanted, logits_BV, moments)
    for place, moment in enumerate(moments):
        assert np.array_equal(filters.apply(wanted, logits_BV[place : place + 1], [moment])[0], together_BV[place])
    for function in (filters.softmax, filters.log_softmax):
        assert np.array_equal(function(together_BV)[4], function(together_BV[4:5])[0])


def test_heat_multiplies_the_temperature_of_its_own_sample_and_leaves_the_others_bit_for_bit():
    rows_BV = np.stack([FOUR, FOUR * 1.7 + 3, FOUR - 0.3])
    sampling = [*filters.build(Sampling(temperature=0.8, top_p=0.9))]
    hot = [Moment(0, None, heat=heat) for heat in (1.0, 0.5, 0.0)]
    together = filters.apply(sampling, rows_BV, hot)
    for row, moment in enumerate(hot):
        assert together[row].tolist() == filters.apply(sampling, rows_BV[row : row + 1], [moment])[0].tolist()
    assert together[0].tolist() == filters.apply(sampling, rows_BV, [Moment(0, None)] * 3)[0].tolist()
    assert kept(together[2]) == [0]
    cooled = filters.apply(filters.build(Sampling(temperature=0.8)), rows_BV, hot)[1]
    np.testing.assert_allclose(filters.softmax(cooled), filters.softmax(filters.temperature(rows_BV[1], 0.4)), rtol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0, 1.7])
def test_ids_with_a_temperature_of_their_own_stay_as_probable_together(share):
    rows_BV = 3 * np.random.default_rng(5).standard_normal((4, 7))
    rows_BV[2, [1, 4, 5]] = -np.inf  # none of them may come
    rows_BV[3, [4, 5]] = -np.inf
    ids = np.array([1, 4, 5])
    moments = [Moment(0, None, tempered=[Tempered(ids, share)])] * 4
    cooled_BV = filters.apply([], rows_BV, moments)
    before_BV, after_BV = filters.softmax(rows_BV), filters.softmax(cooled_BV)
    np.testing.assert_allclose(after_BV[:, ids].sum(1), before_BV[:, ids].sum(1), rtol=1e-12)
    others = [0, 2, 3, 6]
    np.testing.assert_allclose(after_BV[:, others], before_BV[:, others], rtol=1e-12)
    np.testing.assert_allclose(after_BV[2:], before_BV[2:], rtol=1e-12)
    among = filters.softmax(filters.temperature(rows_BV[:2][:, ids], share))
    np.testing.assert_allclose(after_BV[:2][:, ids] / after_BV[:2][:, ids].sum(1, keepdims=True), among, rtol=1e-12)
    for row in range(4):
        assert np.array_equal(filters.apply([], rows_BV[row : row + 1], moments[:1])[0], cooled_BV[row])


@pytest.mark.parametrize("together", [True, False])
def test_ids_that_come_more_or_less_often_than_expected(together):
    rows_BV = 3 * np.random.default_rng(5).standard_normal((3, 7))
    rows_BV[1, [1, 4, 5]] = -np.inf  # none of them may come
    rows_BV[2, 4] = -np.inf
    ids, by_I = np.array([1, 4, 5]), np.array([2.0, -1.0, 0.5])
    moments = [Moment(0, None, weighed=[Weighed(ids, by_I, together)])] * 3
    weighed_BV = filters.apply([], rows_BV, moments)
    before_BV, after_BV = filters.softmax(rows_BV), filters.softmax(weighed_BV)
    wanted_BI = before_BV[:, ids] * np.exp(by_I)
    if together:
        wanted_BI *= before_BV[:, ids].sum(1, keepdims=True) / np.maximum(wanted_BI.sum(1, keepdims=True), 1e-300)
    wanted_BV = before_BV.copy()
    wanted_BV[:, ids] = wanted_BI
    np.testing.assert_allclose(after_BV, wanted_BV / wanted_BV.sum(1, keepdims=True), rtol=1e-12)
    others = [0, 2, 3, 6]
    assert np.array_equal(weighed_BV[:, others], rows_BV[:, others])
    for row in range(3):
        assert np.array_equal(filters.apply([], rows_BV[row : row + 1], moments[:1])[0], weighed_BV[row])
    one = filters.apply([], rows_BV, [moments[0], Moment(0, None), moments[0]])
    assert np.array_equal(one[[0, 2]], weighed_BV[[0, 2]])
    assert np.array_equal(one[1], rows_BV[1])
