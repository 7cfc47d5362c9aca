"""A model that was trained with a grammar has one law of probabilities: in training, scoring, drawing and filling gaps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import case_of, untrained, waltz

from lstmgen.errors import UsageError
from lstmgen.generation import filters
from lstmgen.generation.draw import begin, generator_of
from lstmgen.generation.filters import Moment
from lstmgen.generation.particles import Search, Ways
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.legal import legal_at, unpacked
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.model.adaptation import Learner, usual_gradients
from lstmgen.model.learning_rule import LearningRule
from lstmgen.model.reading import surprisals
from lstmgen.runs.inspection import inspect_all, loss_by_context

TOKENIZERS = {
    "beats": NotesTokenizer("beats", 12, repeats=True, variants=True, tails=True, guides=True, common_key=True, tracks=2, grammar=True),
    "heads": NotesTokenizer(
        "beats", 12, repeats=True, variants=True, heads=True, guides=True, length_first=True, full_bars=True, grammar=True
    ),
    "seconds": NotesTokenizer("seconds", tracks=2, grammar=True),
    "performance": PerformanceTokenizer(ages=True, grammar=True),
    "voices": GridTokenizer(4, voices=2, grammar=True),
    "chords": GridTokenizer(2, "chords", grammar=True),
}
TUNE = waltz(3)


@pytest.fixture(params=TOKENIZERS.values(), ids=TOKENIZERS)
def model(request):
    return untrained(request.param)


def test_in_scoring_the_probabilities_of_what_may_come_sum_to_one_and_are_those_that_are_drawn_by(model):
    ids, rows = model.tokenizer.encode(TUNE), model.tokenizer.legal(model.tokenizer.encode(TUNE))
    for place in (0, 3, len(ids) // 2):
        may_V = unpacked(rows[place], model.tokenizer.vocab_size)
        logits_V = begin(model.decoder, ids[:place]).logits_V.double().numpy()
        drawn_by = filters.softmax(filters.keep_allowed(logits_V[None], [Moment(0, None, (), may_V)]))[0]
        scored = model.score(TUNE).items[0].nats_T[place]
        told_V = model.medium.told(model.tokenizer)
        assert drawn_by.sum() == pytest.approx(1)
        assert (drawn_by[~may_V] == 0).all()
        if told_V is None or not told_V[ids[place]]:
            assert scored == pytest.approx(-np.log(drawn_by[ids[place]]), abs=1e-4)


def test_what_is_read_after_a_segment_was_learned_and_what_is_looked_into_go_by_the_same_law(model):
    (read,) = model.score(TUNE).items
    told_V = model.medium.told(model.tokenizer)
    counted = slice(None) if told_V is None else ~told_V[read.encoded.ids]
    of_item, whole = model.medium.legal(model.tokenizer), np.append(BOUNDARY_ID, read.encoded.ids)
    usual_W = usual_gradients(model.network, [whole], segment=20, told_V=told_V, legal=of_item)
    learner = Learner(model.network, LearningRule(rate=0.0), usual_W, told_V=told_V)
    legal = legal_at(of_item, whole, np.zeros(1, np.int64))
    adapted_T = np.concatenate([nats for _, nats in learner.surprisals([whole], np.array([[0, len(whole) - 1]]), legal=[legal])])
    np.testing.assert_allclose(adapted_T[counted], read.nats_T[counted], atol=1e-4)
    looked = inspect_all(model, [TUNE]).trace.nats_T
    np.testing.assert_allclose(looked[counted], read.nats_T[counted], atol=1e-4)
    context = len(whole) // 2 - 1
    ((_, nats),) = loss_by_context(model, whole, contexts=[context])
    assert nats > 0


def test_a_sample_tells_the_surprisal_of_what_was_drawn_among_what_could_come(model):
    (sample,) = model.generate(length=12, seed=3, sampling=filters.Sampling(temperature=1))
    plain = untrained(replace(model.tokenizer, grammar=False)).generate(length=12, seed=3, sampling=filters.Sampling(temperature=1))[0]
    assert sample.score.notes.same_as(plain.score.notes), "what may not come was never drawn"
    assert sample.nats_per_token < plain.nats_per_token


def test_in_a_gap_a_way_costs_what_scoring_says(model):
    part = {"bars": "2"} if model.tokenizer.name != "performance" else {"seconds": "0.1-1.9"}
    gap = model.medium.gapped(model.tokenizer, TUNE, part, model.data).gap([])
    truth = gap.true()
    search = Search(decoder=model.decoder, wanted=(), count=1, generator=generator_of(1, 0), told_V=model.medium.told(model.tokenizer))
    ways = search.written(Ways.of(gap, begin(model.decoder, gap.before), truth=True), truth=truth)
    ways = search.weighed(ways, horizon=8)
    way = int(np.flatnonzero(ways.true_K)[0])
    filling = ways.fillings[way]
    ids = np.concatenate([gap.before, np.array([each for each in filling.ids if each != BOUNDARY_ID], np.int64), filling.behind(8)])
    legal = legal_at(model.medium.legal(model.tokenizer), np.append(BOUNDARY_ID, ids), np.zeros(1, np.int64))
    nats = np.concatenate(
        [part for _, part in surprisals(model.network, np.append(BOUNDARY_ID, ids), np.array([[0, len(ids)]]), legal=legal)]
    )
    told_V = model.medium.told(model.tokenizer)
    nats = nats if told_V is None else np.where(told_V[ids], 0, nats)
    begins, ends = len(gap.before), len(ids) - len(filling.behind(8))
    assert ways.nats_K[way] == pytest.approx(nats[begins:ends].sum(), rel=1e-4)
    assert -ways.behind_K[way] == pytest.approx(nats[ends:].sum(), rel=1e-4)


def test_models_without_a_grammar_are_what_they_were():
    case = case_of("performance")
    ids = case.tokenizer.encode(TUNE)
    with torch.inference_mode():
        logits_TBV, _ = case.model.network(torch.from_numpy(np.append(BOUNDARY_ID, ids[:-1]))[:, None], case.model.network.zero_state(1))
    expected = -logits_TBV[:, 0].double().log_softmax(1)[torch.arange(len(ids)), torch.from_numpy(ids)]
    np.testing.assert_allclose(case.model.score(TUNE).items[0].nats_T, expected.numpy(), atol=1e-4)


def test_a_grammar_is_for_models_that_read_from_left_to_right(train, tmp_path):
    tune = tmp_path / "tune.mid"
    case_of("performance").medium.save(TUNE, tune)
    for other in ({"training.infill": 0.3}, {"training.objective": "gaps"}):
        with pytest.raises(UsageError, match="left to right") as refused:
            list(train(tune, out=tmp_path / "run", settings={"tokenizer.grammar": True, "data.val_frac": 0.0} | other))
        assert "--grammar" in refused.value.remedy
    assert not (tmp_path / "run").exists()
