"""Samples beside a corpus: what lies farther from it than it lies from itself is marked, and nothing else."""

import json

import numpy as np
import pytest

from lstmgen.analysis.likeness import Peers, likenesses
from lstmgen.errors import InputError
from lstmgen.media.statistics import Extent, Statistic

STATISTICS = (Statistic(name="die", heading="die", parts=tuple("123456")), Statistic(name="mean", heading="mean"))


def counts(values):
    return {"die": np.bincount(values, minlength=7)[1:].astype(float), "mean": np.array([sum(values), len(values)], float)}


def dice(random, items, sides=6):
    return [counts(random.integers(1, sides + 1, 30)) for _ in range(items)]


def test_what_comes_from_the_same_source_lies_inside_nearly_always():
    random = np.random.default_rng(1)
    outside = sum(each.outside for _ in range(40) for each in likenesses(STATISTICS, dice(random, 20), dice(random, 60)))
    assert outside <= 16  # of 80; five in a hundred, and the corpus is a sample too


def test_it_is_told_how_many_statistics_most_parts_of_the_corpus_have_inside():
    names = [Statistic(name=f"mean {number}", heading="mean") for number in range(20)]
    random = np.random.default_rng(4)
    corpus = [{each.name: np.array([random.normal(), 1.0]) for each in names} for _ in range(60)]
    # Each of 20 independent figures lies outside in one part of twenty: in 95 of 100 parts no more than three do, or by chance two or four.
    assert 16 <= likenesses(names, corpus[:10], corpus)[0].peers.usual <= 18
    together = [{each.name: row["mean 0"] for each in names} for row in corpus]
    assert likenesses(names, together[:10], together)[0].peers.usual in {0, 20}


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


def bars(*lengths):
    return [Extent(length, "bar") for length in lengths]


def test_samples_are_compared_with_what_is_about_as_long():
    corpus = bars(*[16] * 15, *[17] * 10, *[13] * 5, *[32] * 40)
    peers = Peers.of(bars(16, 16, 15), corpus)
    assert (peers.items, peers.unit, peers.seen) == (25, "bar", None)
    assert [peers.hold(extent) for extent in bars(13, 14, 16, 18, 19)] == [False, True, True, True, False]
    assert Peers.of(bars(8, 40), corpus).items == len(corpus)


def test_where_few_are_as_long_all_of_them_are_peers_as_far_as_the_longest_sample_goes():
    corpus = bars(*[16] * 19, *[32] * 40)
    peers = Peers.of(bars(16, 12, 8), [*corpus[:3], *corpus[19:]])
    assert (peers.items, peers.seen) == (43, Extent(16, "bar"))
    assert all(map(peers.hold, corpus))
    assert json.loads(json.dumps(peers.to_json())) == {"items": 43, "unit": "bar", "low": 0.0, "high": None, "seen": 16, "usual": None}
    assert likenesses(STATISTICS, [counts([1])], [counts([1])])[0].peers.items == 1
