"""Models of every kind that learn from what they read: the trained model and its file stay, and every result is the same again."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from conftest import case_of, untrained

from lstmgen.errors import UsageError
from lstmgen.generation.request import Request
from lstmgen.media.writing import Encoded
from lstmgen.model.learning_rule import LearningRule
from lstmgen.model.recall_rule import RecallRule
from lstmgen.runs.adapting import Learners
from lstmgen.runs.model import TrainedModel

pytestmark = pytest.mark.usefixtures("few_samples")
FAST = LearningRule(rate=3e-3, decay=1e-3, segment=5)


def weights_of(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def test_adapted_figures_stand_beside_the_static_ones_which_stay_as_they_are(case):
    before = weights_of(case.model.network)
    items = [case.items[0]]
    static, both, again = (case.model.score_all(items, adapt=adapt) for adapt in (None, FAST, FAST))
    assert static.adapted is None
    assert both.figures == static.figures
    assert both.adapted.tokens == both.tokens
    assert both.adapted.nats_per_token != both.nats_per_token
    assert [item.adapted_T.tolist() for item in both.items] == [item.adapted_T.tolist() for item in again.items]
    after = case.model.network.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_rows_and_tokens_add_up_to_both_sums(case):
    found = case.model.score_all(case.items, adapt=FAST)
    for rows in (list(found.rows()), list(found.token_rows())):
        assert sum(row.nats for row in rows) == pytest.approx(found.nats_per_token * found.tokens)
        assert sum(row.adapted_nats for row in rows) == pytest.approx(found.adapted.nats_per_token * found.tokens)
    table = found.to_json(rows=True, per_token=True)
    assert {"rate", "decay", "segment", "nats_per_token"} <= set(table["adapted"])
    assert all("adapted_nats" in row for row in [*table[case.medium.rows.key], *table["per_token"]])


def test_each_item_is_learned_from_by_copies_of_its_own_whatever_is_scored_beside_it(medium_case):
    alone = [medium_case.model.score(item, adapt=FAST).items[0].adapted_T.tolist() for item in medium_case.items]
    forwards, backwards = (medium_case.model.score_all(items, adapt=FAST).items for items in (medium_case.items, medium_case.items[::-1]))
    assert [item.adapted_T.tolist() for item in forwards] == [item.adapted_T.tolist() for item in backwards[::-1]] == alone


def test_what_was_learned_from_a_document_is_kept_for_the_next_of_its_file():
    trained = case_of("char").model
    model = TrainedModel(trained.network, trained.tokenizer, summary={"settings": {"data": {"documents": "line"}}})
    first, second = (each.adapted_T.sum() for each in model.score_all(["lazy dogs jump"] * 2, adapt=FAST).items)
    assert model.manner.several
    assert second < first


@pytest.fixture(params=["char", "performance"])
def together(request, monkeypatch):
    """Two models of one tokenizer, with its grammar, and an item, in three keys where it has keys."""
    monkeypatch.setattr(
        Learners, "_drawn_gradients", lambda self, _: torch.full((self._decoder.network.architecture.num_parameters,), 0.02)
    )
    case, options = case_of(request.param), {}
    tokenizer = case.tokenizer
    if request.param == "performance":
        tokenizer, options = dataclasses.replace(tokenizer, grammar=True), {"keys": 3}
    one, two = (untrained(tokenizer, seed=seed) for seed in (4, 5))
    return one, two, case.medium.encode(tokenizer, one.prepare(case.items[2]), options)


def test_models_and_keys_that_predict_together_learn_each_by_itself_and_in_all_keys(together):
    one, two, encoded = together
    both = one._scorer(adapt=FAST, beside=[two]).of([encoded])
    alone = [model._scorer(adapt=FAST).of([encoded]).items[0].adapted_T for model in (one, two)]
    np.testing.assert_allclose(both.items[0].adapted_T, -np.log(np.exp(-np.array(alone)).mean(axis=0)), atol=1e-9)
    assert both.adapted.averaged == both.averaged == 2 * (1 + len(encoded.forms))
    still = LearningRule(rate=0.0, segment=FAST.segment)
    read = one._scorer(adapt=still, beside=[two]).of([encoded]).items[0]
    np.testing.assert_allclose(read.adapted_T, read.nats_T, atol=1e-4)


def test_nothing_is_known_before_it_is_read_whatever_predicts_together(together):
    one, two, encoded = together
    known = len(encoded.ids) * 2 // 3 // FAST.segment * FAST.segment
    ended = Encoded(item=encoded.item, ids=encoded.ids[:known], forms=tuple(form[:known] for form in encoded.forms))
    whole, part = (one._scorer(adapt=FAST, beside=[two]).of([each]).items[0] for each in (encoded, ended))
    assert FAST.segment < known < len(encoded.ids)
    assert whole.adapted_T[:known].tolist() == part.adapted_T[:known].tolist()


def test_caches_of_all_models_in_all_keys_vote_together_and_know_nothing_before_it_is_read(together):
    one, two, encoded = together
    rule, known = RecallRule(share=0.4), len(encoded.ids) * 2 // 3
    ended = Encoded(item=encoded.item, ids=encoded.ids[:known], forms=tuple(form[:known] for form in encoded.forms))
    whole, part = (one._scorer(beside=[two], recall=rule).of([each]).items[0].nats_T for each in (encoded, ended))
    np.testing.assert_allclose(whole[:known], part, rtol=1e-5)
    alone, static = (one._scorer(recall=each).of([encoded]).items[0].nats_T for each in (rule, None))
    assert (alone < static - np.log1p(-rule.share) + 1e-9).all()
    assert (alone < static).any()
    same = one._scorer(beside=[one], recall=rule).of([encoded]).items[0].nats_T
    np.testing.assert_allclose(same, alone, rtol=1e-6)


def test_a_learned_share_knows_nothing_before_it_is_read_whatever_predicts_together(together):
    one, two, encoded = together
    rule, known = RecallRule(share="auto"), len(encoded.ids) * 2 // 3 // FAST.segment * FAST.segment
    ended = Encoded(item=encoded.item, ids=encoded.ids[:known], forms=tuple(form[:known] for form in encoded.forms))
    whole, part = (one._scorer(adapt=FAST, beside=[two], recall=rule).of([each]).items[0] for each in (encoded, ended))
    np.testing.assert_allclose(whole.nats_T[:known], part.nats_T, rtol=1e-5)
    np.testing.assert_allclose(whole.adapted_T[:known], part.adapted_T, rtol=1e-5)
    assert whole.shares != part.shares
    assert all(0 < share < 1 for share in whole.shares)
    for kind in ("nats_T", "adapted_T"):
        assert not np.array_equal(getattr(whole, kind), getattr(one._scorer(adapt=FAST, beside=[two]).of([encoded]).items[0], kind))


def test_every_model_in_every_key_has_a_weight_of_its_own(together):
    """A model beside itself shares what it has alone; where nothing is learned, a copy in all keys predicts what the model does."""
    one, two, encoded = together
    rule, still = RecallRule(share="auto"), LearningRule(rate=0.0, decay=0.0, segment=5)
    alone, twice, other = (one._scorer(beside=beside, recall=rule).of([encoded]).items[0].nats_T for beside in ([], [one], [two]))
    np.testing.assert_allclose(twice, alone, rtol=1e-6)
    assert not np.allclose(other, alone, rtol=1e-3)
    read = one._scorer(adapt=still, beside=[two], recall=rule).of([encoded]).items[0]
    np.testing.assert_allclose(read.adapted_T, read.nats_T, atol=1e-4)
    assert read.shares[1] == pytest.approx(read.shares[0], abs=1e-4)


@pytest.mark.parametrize("share", [0.4, "auto"])
def test_each_item_has_a_cache_of_its_own(medium_case, share):
    rule = RecallRule(share=share)
    alone = [medium_case.model.score(item, recall=rule).items[0] for item in medium_case.items]
    for one, both in zip(alone, medium_case.model.score_all(medium_case.items, recall=rule).items, strict=True):
        np.testing.assert_allclose(both.nats_T, one.nats_T, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(both.shares, one.shares, rtol=1e-4)
        assert len(one.shares) == (share == "auto")


def test_a_prompt_is_learned_before_it_is_continued_and_other_prompts_are_of_no_matter(medium_case):
    model, prompt = medium_case.model, medium_case.prompt
    options = {"length": 12, "seed": 3, "num_samples": 2}
    plain, learned, again = (model.generate(prompt, adapt=adapt, **options) for adapt in (None, FAST, FAST))
    assert [sample.nats_per_token for sample in learned] == [sample.nats_per_token for sample in again]
    assert [sample.nats_per_token for sample in learned] != [sample.nats_per_token for sample in plain]
    several = model.generate(prompts=[prompt, prompt], adapt=FAST, **options)
    assert [sample.nats_per_token for sample in several[:2]] == [sample.nats_per_token for sample in learned]
    stream = model.stream(prompt, adapt=FAST, length=12, seed=3)
    for _ in stream:
        pass
    assert stream.result.nats_per_token == learned[0].nats_per_token
    handed = model.adapted(prompt, FAST).generate(prompt, **options)
    assert [sample.nats_per_token for sample in handed] == [sample.nats_per_token for sample in learned]


def test_a_learned_model_predicts_what_it_learned_better(medium_case):
    item = medium_case.items[0]
    learned = medium_case.model.adapted(item, FAST)
    assert learned.score(item).nats_per_token < medium_case.model.score(item).nats_per_token
    assert learned.tokenizer is medium_case.model.tokenizer


def test_gradients_are_drawn_from_the_model_alone_and_are_the_same_again(medium_case):
    model = medium_case.model
    one, two = (Learners(model.decoder, model.medium, model.tokenizer, model.data)._drawn_gradients(20) for _ in range(2))
    assert torch.equal(one, two)
    assert one.isfinite().all()
    assert float(one.mean()) > 0


def test_a_model_in_bf16_learns_in_fp32_and_draws_in_bf16(medium_case):
    model = TrainedModel(copy.deepcopy(medium_case.model.network).to(torch.bfloat16), medium_case.tokenizer)
    learned = model.adapted(medium_case.prompt, FAST)
    assert learned.network.head.weight.dtype == torch.bfloat16
    assert learned.generate(medium_case.prompt, length=5, seed=1)[0].tokens
    assert np.isfinite(learned.score(medium_case.items[0]).nats_per_token)


def test_a_request_that_learns_goes_through_json():
    request = Request(prompt="The sea", adapt=FAST)
    assert Request.from_json(request.to_json()) == request
    with pytest.raises(UsageError, match="has no speed"):
        Request.from_json({"adapt": {"speed": 1}})
