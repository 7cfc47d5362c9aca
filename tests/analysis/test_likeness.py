"""Samples beside a corpus: what lies farther from it than it lies from itself is marked, and nothing else."""

import json

import numpy as np
import pytest

from lstmgen.analysis.likeness import likenesses
from lstmgen.errors import InputError
from lstmgen.media.statistics import Statistic

STATISTICS = (Statistic(name="die", heading="die", parts=tuple("123456")), Statistic(name="mean", heading="mean"))


def counts(values):
    return {"die": np.bincount(values, minlength=7)[1:].astype(float), "mean": np.array([sum(values), len(values)], float)}


def dice(random, items, sides=6):
    return [counts(random.integers(1, sides + 1, 30)) for _ in range(items)]


def test_what_comes_from_the_same_source_lies_inside_nearly_always():
    random = np.random.default_rng(1)
    outside = sum(each.outside for _ in range(40) for each in likenesses(STATISTICS, dice(random, 20), dice(random, 60)))
    assert outside <= 16  # of 80; five in a hundred, and the corpus is a sample too


def test_what_comes_from_another_lies_outside():
    random = np.random.default_rng(2)
    assert all(each.outside for each in likenesses(STATISTICS, dice(random, 20, sides=4), dice(random, 60)))


def test_the_corpus_is_as_itself_and_a_distribution_has_the_shares_of_its_parts():
    corpus = dice(np.random.default_rng(3), 10)
    die, mean = likenesses(STATISTICS, corpus, corpus)
    assert (die.difference, mean.difference) == (pytest.approx(0, abs=1e-12), 0)
    table = json.loads(json.dumps(die.to_json()))
    assert sum(table["samples"].values()) == pytest.approx(1)
    assert table["samples"].keys() == set("123456")
    assert mean.to_json()["corpus"] == pytest.approx(float(mean.corpus[0]))


def test_the_distance_of_distributions_is_the_share_that_would_have_to_move():
    die, mean = likenesses(STATISTICS, [counts([1, 1, 1, 2])], [counts([1, 2, 2, 2])] * 4)
    assert die.difference == pytest.approx(0.5)
    assert mean.difference == pytest.approx(0.5)
    assert die.spread == 0
    assert die.outside


def test_where_nothing_was_counted_nothing_is_marked():
    nothing = {"die": np.zeros(6), "mean": np.zeros(2)}
    for each in likenesses(STATISTICS, [nothing], [nothing, nothing]):
        assert (each.samples, each.difference, each.outside) == (None, None, False)
    assert likenesses(STATISTICS, [counts([1])], [counts([1])])[0].spread is None
    with pytest.raises(InputError):
        likenesses(STATISTICS, [], [nothing])
