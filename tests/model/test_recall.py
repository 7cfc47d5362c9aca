"""A continuous cache gives what its equations say, and a distribution."""

import numpy as np
import pytest
import torch

from lstmgen.errors import UsageError
from lstmgen.model import recall
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.model.recall import mixed, recalled
from lstmgen.model.recall_rule import RecallRule

V = 11


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return LanguageModel(Architecture(vocab_size=V, embedding_size=8, hidden_size=12, num_layers=2)).eval()


def ids_of(seed, length=40):
    return np.random.default_rng(seed).integers(1, V, length)


def by_the_equations(network, ids, allowed, rule):
    """Token by token, in fp64."""
    with torch.inference_mode():
        inputs = torch.from_numpy(np.concatenate([[0], ids[:-1]]))[:, None]
        vectors = network.hidden(inputs, network.zero_state(1))[0][:, 0].double().numpy()
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = []
    for t, token in enumerate(ids):
        votes = np.zeros(V)
        for i in range(max(0, t - rule.reach), t):
            if allowed[t, ids[i]]:
                votes[ids[i]] += np.exp(rule.sharpness * (vectors[t] @ vectors[i]))
        found.append(-np.log(votes[token] / votes.sum()) if votes.sum() and votes[token] else (np.inf if votes.sum() else -np.inf))
    return np.array(found)


@pytest.mark.parametrize("reach", [1, 5, 1000])
@pytest.mark.parametrize("chunk", [7, 256])
def test_it_gives_what_the_equations_say(monkeypatch, network, reach, chunk):
    monkeypatch.setattr(recall, "_CHUNK", chunk)
    rule, rng = RecallRule(share=0.2, sharpness=8.0, reach=reach), np.random.default_rng(1)
    forms = [ids_of(2), ids_of(3), ids_of(4)]
    allowed = [rng.random((len(ids), V)) < 0.7 for ids in forms]
    for ids, mask in zip(forms, allowed, strict=True):
        mask[np.arange(len(ids)), ids] = True
    found = recalled(network, forms, [np.packbits(mask, axis=-1) for mask in allowed], rule)
    for ids, mask, nats in zip(forms, allowed, found, strict=True):
        np.testing.assert_allclose(nats, by_the_equations(network, ids, mask, rule), rtol=1e-4, atol=1e-5)
    everything = np.ones((40, V), dtype=bool)
    np.testing.assert_allclose(
        recalled(network, forms[:1], [None], rule)[0], by_the_equations(network, forms[0], everything, rule), rtol=1e-4, atol=1e-5
    )


def test_probabilities_of_all_that_may_follow_sum_to_one(network):
    rule, before = RecallRule(share=0.3), ids_of(5)
    nats = [recalled(network, [np.append(before, token)], [None], rule)[0, -1] for token in range(1, V)]
    assert np.exp(-np.array(nats)).sum() == pytest.approx(1, abs=1e-5)


def test_a_token_counts_nothing_that_follows_it(network):
    rule, ids = RecallRule(share=0.3), ids_of(6)
    other = np.concatenate([ids[:20], ids_of(7, 20)])
    found = [recalled(network, [each], [None], rule)[0, :20] for each in (ids, other)]
    np.testing.assert_array_equal(*found)


def test_no_more_is_kept_than_is_looked_back_on(monkeypatch, network):
    monkeypatch.setattr(recall, "_CHUNK", 8)
    seen = []
    of_form = recall._of_form
    monkeypatch.setattr(
        recall, "_of_form", lambda vectors_EH, *rest, **how: seen.append(len(vectors_EH)) or of_form(vectors_EH, *rest, **how)
    )
    recalled(network, [ids_of(11, 100)], [None], RecallRule(share=0.3, reach=20))
    assert max(seen) == 28


def test_forms_are_the_same_in_any_company(monkeypatch, network):
    rule, forms = RecallRule(share=0.3), [ids_of(8), ids_of(9), ids_of(10)]
    together = recalled(network, forms, [None] * 3, rule)
    monkeypatch.setattr(recall, "_MOST_NUMBERS", 1)
    np.testing.assert_allclose(recalled(network, forms, [None] * 3, rule), together, rtol=1e-4, atol=1e-5)


def test_what_is_mixed_lies_between_and_where_nothing_votes_the_network_speaks_alone():
    nats, votes = np.array([1.0, 2.0, 3.0]), np.array([0.5, np.inf, -np.inf])
    found = mixed(nats, votes, RecallRule(share=0.25))
    np.testing.assert_allclose(np.exp(-found[:2]), [0.75 * np.exp(-1) + 0.25 * np.exp(-0.5), 0.75 * np.exp(-2)])
    assert found[2] == nats[2]
    np.testing.assert_array_equal(mixed(nats, votes, RecallRule(share=0.0)), nats)


@pytest.mark.parametrize("wrong", [{"share": 1.5}, {"share": -0.1}, {"share": float("nan")}, {"share": 0.1, "reach": 0}, {"share": True}])
def test_a_rule_out_of_bounds_is_refused(wrong):
    with pytest.raises(UsageError):
        RecallRule(**wrong)


@pytest.mark.parametrize("wrong", [-1, 1001, float("inf"), "20", None])
def test_a_sharpness_out_of_bounds_is_told_by_its_name(wrong):
    with pytest.raises(UsageError, match="sharpness") as refused:
        RecallRule(share="auto", sharpness=wrong)
    assert refused.value.remedy == "--recall-sharpness 20"


def test_a_share_is_a_number_or_learned():
    assert RecallRule(share="auto").to_json()["share"] == "auto"
    with pytest.raises(UsageError, match=r"expected auto, or 0 to 0\.99"):
        RecallRule(share="much")
    with pytest.raises(ValueError, match="learned"):
        mixed(np.ones(3), np.ones(3), RecallRule(share="auto"))
