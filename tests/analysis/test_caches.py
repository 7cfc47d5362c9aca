"""The share of caches is learned in each item anew, from what counts."""

import numpy as np

from lstmgen.analysis.caches import as_learned
from lstmgen.model.recall import mixed_as_learned


def columns(seed, count, length=30):
    return np.random.default_rng(seed).exponential(size=(count, length))


def found(cache_KN, *ends):
    begin = 1
    for end in ends:
        yield np.arange(begin, end), cache_KN[:, begin:end]
        begin = end + 1


def test_each_item_begins_anew_and_each_group_of_predictions_has_weights_of_its_own():
    static, learning, caches = columns(0, 3), columns(1, 2), columns(2, 3)
    (first, second), shares = as_learned([list(static), list(learning)], found(caches, 12, 30))
    for nats_N, columns_JN, number in ((first, static, 0), (second, learning, 1)):
        for item in (slice(1, 12), slice(13, 30)):
            nats_T, share = mixed_as_learned(columns_JN[:, item], caches[:, item])
            np.testing.assert_array_equal(nats_N[item], nats_T)
            assert shares[item.start][number] == share
    assert first[[0, 12]].tolist() == [0, 0]


def test_what_a_model_is_told_costs_nothing_and_teaches_nothing():
    static, caches, told = columns(3, 3), columns(4, 3), np.zeros(30, bool)
    told[[0, 5, 20]] = True
    passed = []
    (nats_N,), shares = as_learned([list(static)], found(caches, 30), told_N=told, passed=passed.append)
    static[:, told] = 100.0
    caches[:, told] = -np.inf
    (other_N,), others = as_learned([list(static)], found(caches, 30), told_N=told)
    np.testing.assert_array_equal(nats_N, other_N)
    assert (nats_N[told] == 0).all()
    assert shares == others
    assert passed == [29]
