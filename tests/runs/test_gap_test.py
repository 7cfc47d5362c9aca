"""What it is worth to know both sides of a gap: bounds that hold between them what enumeration gives."""

from types import SimpleNamespace

import numpy as np
import pytest
from conftest import case_of, waltz

import lstmgen
from lstmgen.errors import InputError, UsageError
from lstmgen.ids import BOUNDARY_ID
from lstmgen.runs.gap_test import _of_items, measured

SETTINGS = {
    "model.hidden_size": 12,
    "model.embedding_size": 8,
    "training.batch_size": 4,
    "training.seq_length": 16,
    "training.max_steps": 4,
    "runtime.precision": "fp32",
    "runtime.device": "cpu",
    "runtime.threads": 1,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gaps")
    (folder / "text.txt").write_text("abcab cabba\n" * 30)
    for _ in lstmgen.train(folder / "text.txt", out=folder / "run", settings=SETTINGS, cache=folder / "cache"):
        pass
    return lstmgen.load(folder / "run", device="cpu"), folder / "cache"


def test_with_every_way_both_bounds_are_what_enumeration_gives(model):
    model, cache = model
    ids = np.asarray(model.origin.token_file("val", cache=cache).ids[1:], np.int64)
    text = model.medium.decode(model.tokenizer, ids)
    expected = []
    for place in range(1, len(text) - 3):
        ways = {each: model.score(text[:place] + each + text[place + 1 : place + 3]).items[0].nats_T[-3:].sum() for each in "abc \n"}
        expected.append(float(ways[text[place]] + np.logaddexp.reduce([-nats for nats in ways.values()])))
    for seed in range(2):
        found = measured(model, "val", count=1, length=1, candidates=30, horizon=2, cache=cache, seed=seed)
        assert (found.gaps, found.tokens) == (1, 1)
        assert found.low == pytest.approx(found.high, abs=1e-4)
        assert np.abs(np.array(expected) - found.low).min() < 1e-4


def test_few_ways_leave_the_bounds_apart_and_a_part_too_short_is_named(model):
    model, cache = model
    found = measured(model, "val", count=2, length=3, candidates=4, horizon=4, cache=cache)
    assert found.low < found.high
    again = measured(model, "val", count=2, length=3, candidates=4, horizon=4, cache=cache)
    assert found == again
    with pytest.raises(InputError, match="no room for 999 gaps"):
        measured(model, "val", count=999, cache=cache)
    with pytest.raises(UsageError, match="no option bars"):
        measured(model, "val", count=1, cache=cache, bars="1")


def test_items_without_the_gap_are_passed_over_unless_none_has_it():
    model = case_of("performance").model
    short, long = (model.tokenizer.encode(waltz(bars)) for bars in (1, 3))
    ids = np.concatenate([[BOUNDARY_ID], short, [BOUNDARY_ID], long])
    file = SimpleNamespace(ids=ids, starts=np.array([0, 1 + len(short)]))
    ((gap, _, truth),) = _of_items(model, file, {"seconds": "3-4"})
    assert len(truth) > 2
    assert np.array_equal(np.concatenate([gap.before, truth]), long[: len(gap.before) + len(truth)])
    with pytest.raises(UsageError, match="within the"):
        list(_of_items(model, file, {"seconds": "30-40"}))
