"""A look inside a model, for every medium: what it reads, finds with controls, context, and gradients."""

import numpy as np
import pytest

from lstmgen.errors import InputError
from lstmgen.runs.inspection import gradients, inspect, inspect_all, loss_by_context

char = pytest.mark.parametrize("case", ["char"], indirect=True)


def test_everything_of_a_token_has_its_length(case):
    seen = inspect(case.model, case.items[0])
    count = len(case.tokenizer.encode(case.items[0]))
    assert len(seen.shown) == len(seen.row_T) == len(seen.trace.ids) == count
    assert all(len(series) == count for series in seen.trace.values.values())
    short = inspect(case.model, case.items[0], first=3)
    assert len(short.shown) == len(short.row_T) == 3
    for feature in case.medium.features:
        assert len(short.feature(feature.name)[1]) == 3


def test_of_nothing_it_reads_what_the_model_writes(medium_case):
    one, same, other = (inspect(medium_case.model, seed=seed, first=40) for seed in (1, 1, 2))
    assert np.array_equal(one.trace.ids, same.trace.ids)
    assert not np.array_equal(one.trace.ids, other.trace.ids)


def test_items_are_read_apart_until_there_is_enough(case):
    one, other = case.items[:2]
    alone = [inspect(case.model, item) for item in (one, other)]
    count = len(alone[0].trace.ids)
    both = inspect_all(case.model, (one, other), first=count + 2)
    assert [read for _, read in both.items] == [count, 2]
    assert both.shown == alone[0].shown + alone[1].shown[:2]
    assert both.row_T[count] == alone[0].row_T.max() + 1
    for place, series in both.trace.values.items():
        assert np.array_equal(series[count:], alone[1].trace.values[place][:2])
    for feature in case.medium.features:
        assert len(both.feature(feature.name)[1]) == count + 2
    assert len(inspect_all(case.model, iter(case.items), first=count).items) == 1


@char
def test_a_find_has_a_control_of_the_same_shape_and_only_carried_quantities(case):
    from lstmgen.analysis.gradient import fresh

    seen = inspect(case.model, "the quick brown fox jumps\nover the lazy dog.\n" * 9, carried=True)
    assert {name for _, name in seen.trace.values} == {"cell", "hidden"}
    feature, finds, control = seen.find("column", top=3)
    assert not feature.yes_or_no
    assert len(finds) == len(control) == 3
    architecture = case.model.network.architecture
    one, same = (fresh(architecture, seed=0).state_dict() for _ in range(2))
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert finds != control


@char
def test_context_counts_the_same_tokens_and_ends_with_what_the_whole_state_gives(case):
    ids = np.concatenate([[0], case.tokenizer.encode("the quick brown fox jumps over the lazy dog.\n" * 4)])
    found = dict(loss_by_context(case.model, ids, contexts=(1, 2, 16, 400)))
    assert list(found) == [1, 2, 16]
    network, (low, high) = case.model.network, (16, len(ids))
    import torch

    with torch.inference_mode():
        expected = []
        for target in range(low, high):
            logits, _ = network(torch.from_numpy(ids[target - 2 : target]).unsqueeze(1), network.zero_state(1))
            expected.append(-logits[-1, 0].log_softmax(0)[ids[target]].item())
    assert found[2] == pytest.approx(np.mean(expected), abs=1e-5)


@char
def test_gradients_stand_beside_those_before_training_and_of_other_cells(case):
    ids = np.concatenate([[0], case.tokenizer.encode("the quick brown fox jumps over the lazy dog.\n")])
    rows = gradients(case.model, ids, against=("rnn",), lags=(1, 4))
    assert list(dict.fromkeys(name for name, _ in rows)) == ["trained", "before training", "rnn, untrained"]
    assert {kept.part for name, kept in rows if name.startswith("rnn")} == {"all", "h"}
    assert {kept.part for name, kept in rows if name == "trained"} == {"all", "h", "c"}
    with pytest.raises(InputError, match="too few"):
        gradients(case.model, ids[:5], lags=(1, 4))
