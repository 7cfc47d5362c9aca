"""Gaps filled by models that were taught to: probabilities are those of enumeration, by either method."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import case_of

from lstmgen.checkpoint.model_file import read_description, save_model
from lstmgen.errors import UsageError
from lstmgen.generation.draw import begin
from lstmgen.generation.infilling import METHODS
from lstmgen.generation.particles import Search
from lstmgen.generation.sampling import Sampling
from lstmgen.ids import BOUNDARY_ID
from lstmgen.model.both_ways import UNKNOWN
from lstmgen.model.language_model import Architecture, LanguageModel, grown
from lstmgen.model.sentinels import around
from lstmgen.runs.gap_test import surprisals_of_truth
from lstmgen.runs.loading import load
from lstmgen.runs.model import TrainedModel

BEFORE, BEHIND = "the quick brow", "x jumps over"
MOST = 5


def model_of(**changes):
    tokenizer = case_of("char").model.tokenizer
    torch.manual_seed(3)
    shape = {"vocab_size": tokenizer.vocab_size, "embedding_size": 6, "hidden_size": 8, "num_layers": 2}
    network = LanguageModel(Architecture(**shape, **changes)).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return TrainedModel(network, tokenizer)


def read(model, ids_TK, head):
    """How probable each id but the boundary is, and that the gap is over, after each id of many rows."""
    network, ids_TK = model.network, torch.from_numpy(ids_TK)
    with torch.inference_mode():
        hidden_NH = head(network.hidden(ids_TK, network.zero_state(ids_TK.shape[1]))[0].flatten(0, 1))
        p_NV = network.head(hidden_NH)[:, BOUNDARY_ID + 1 :].double().softmax(1)
        over_N = torch.sigmoid(network.end_logits(hidden_NH).double())
    return p_NV.unflatten(0, ids_TK.shape).numpy(), over_N.view(ids_TK.shape).numpy()


def told(model):
    """What is read before the gap, and nothing is done to what comes of it."""
    encode = model.tokenizer.encode
    parts = around(np.append(BOUNDARY_ID, encode(BEFORE)), encode(BEHIND), vocab_size=model.tokenizer.vocab_size, most=MOST)
    return np.concatenate(parts), lambda hidden_NH: hidden_NH


def from_both_sides(model):
    network, encode = model.network, model.tokenizer.encode
    behind = [*encode(BEHIND).tolist(), BOUNDARY_ID]
    with torch.inference_mode():
        back_1H = network.read_back(torch.tensor(behind)[:, None], torch.tensor([len(behind)]))[:1, 0]

    def joined(hidden_NH):
        return network.join(hidden_NH, back_1H.expand_as(hidden_NH), torch.full((len(hidden_NH),), UNKNOWN))

    return np.append(BOUNDARY_ID, encode(BEFORE)), joined


@pytest.mark.parametrize(
    ("changes", "method", "reading"), [({"suffix_tokens": MOST}, "told", told), ({"objective": "gaps"}, "both-ways", from_both_sides)]
)
def test_probabilities_are_those_of_enumeration(changes, method, reading):
    model = model_of(**changes)
    before, head = reading(model)
    pairs = list(itertools.product(range(1, model.tokenizer.vocab_size), repeat=2))
    p_TKV, over_TK = read(model, np.vstack([np.tile(before[:, None], len(pairs)), np.transpose(pairs)]), head)
    shares = {}
    for row, (first, second) in enumerate(pairs):
        one = (1 - over_TK[-3, row]) * p_TKV[-3, row, first - 1]
        shares[model.tokenizer.decode([first])] = one * over_TK[-2, row]
        shares[model.tokenizer.decode([first, second])] = one * (1 - over_TK[-2, row]) * p_TKV[-2, row, second - 1] * over_TK[-1, row]
    total = sum(shares.values())
    how = {"length": "1:2", "seed": 1, "candidates": 9_999, "sampling": Sampling(temperature=1.0), "method": method}
    (sample,) = model.infill(f"{BEFORE}___{BEHIND}", **how)
    (gap,) = sample.gaps
    assert gap["followed"] == len(shares)
    for each in gap["candidates"]:
        assert each["probability"] == pytest.approx(shares[each["shown"]] / total, rel=1e-3)
    assert gap["effective_sample_size"] == pytest.approx(total**2 / sum(share**2 for share in shares.values()), rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "method", "reading"), [({"suffix_tokens": MOST}, "told", told), ({"objective": "gaps"}, "both-ways", from_both_sides)]
)
def test_what_a_gap_is_worth_is_measured_as_enumeration_says_beside_reading_from_left_to_right(changes, method, reading):
    model = model_of(**changes)
    before, head = reading(model)
    encode, one = model.tokenizer.encode, np.arange(1, model.tokenizer.vocab_size)
    p_TKV, over_TK = read(model, np.vstack([np.tile(before[:, None], len(one)), one]), head)
    shares = p_TKV[-2, 0] * over_TK[-1]
    ids = encode(f"{BEFORE}n{BEHIND}")
    gap = model.medium.cut(model.tokenizer, ids, len(BEFORE), len(BEFORE) + 1, most=99)
    search = Search(decoder=model.decoder, wanted=(), count=len(one), generator=np.random.default_rng(0))
    context, truth = begin(model.decoder, encode(BEFORE)), encode("n")
    left, low, high = surprisals_of_truth(METHODS[method], search, gap, context, truth, horizon=9)
    assert low == pytest.approx(-np.log(shares[truth[0] - 1] / shares.sum()), rel=1e-4)
    assert high == pytest.approx(low, rel=1e-6)
    p_V = context.logits_V.double().softmax(0).numpy()[1:]
    assert left == pytest.approx(-np.log(p_V[truth[0] - 1] / p_V.sum()), rel=1e-4)


def test_a_model_is_asked_for_what_it_was_taught():
    for changes, refused in (({}, "told"), ({"suffix_tokens": MOST}, "both-ways"), ({"objective": "gaps"}, "candidates")):
        with pytest.raises(UsageError, match=f"--method {refused}"):
            model_of(**changes).infill(f"{BEFORE}___{BEHIND}", method=refused)
    assert model_of(suffix_tokens=MOST).infill(f"{BEFORE}___{BEHIND}", candidates=4)


@pytest.mark.parametrize("item", ["___ jumps over", "the quick ___", "t___s"])
def test_a_gap_may_stand_at_either_end_of_a_text_and_in_a_short_one(item):
    for changes, method in (({"suffix_tokens": MOST}, "told"), ({"objective": "gaps"}, "auto")):
        (sample,) = model_of(**changes).infill(item, seed=1, length="2:3", candidates=8, method=method)
        assert len(sample.text) in (len(item) - 1, len(item))


def test_what_only_fills_gaps_is_refused_where_something_else_is_asked_of_it_and_the_refusal_says_what_it_is_for(tmp_path):
    model = model_of(objective="gaps")
    path = tmp_path / "model.safetensors"
    save_model(path, model.network.tensors(), model.network.architecture, model.tokenizer, {})
    with pytest.raises(UsageError, match="fills gaps") as refused:
        load(path)
    assert refused.value.remedy == f"lstmgen infill {path} FILE"
    loaded = load(path, objectives=("next", "gaps"))
    fillings = [each.infill(f"{BEFORE}___{BEHIND}", seed=1, candidates=8)[0].text for each in (model, loaded)]
    assert fillings[0] == fillings[1]
    assert read_description(path).architecture["objective"] == "gaps"


def test_samples_of_a_model_that_knows_sentinels_hold_none_of_them():
    model = model_of(suffix_tokens=MOST)
    plain = TrainedModel(grown(model.network, replace(model.network.architecture, suffix_tokens=0)), model.tokenizer)
    how = {"length": 60, "seed": 2, "sampling": Sampling(temperature=3.0), "ignore_end": True}
    assert model.generate(BEFORE, **how)[0].text == plain.generate(BEFORE, **how)[0].text
    assert model.score(BEHIND).nats_per_char == plain.score(BEHIND).nats_per_char
