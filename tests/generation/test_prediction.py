"""Candidates have the probabilities that the model gives them, over all ways in which its ids can spell them."""

import numpy as np
import pytest
import torch

from lstmgen.errors import UsageError
from lstmgen.generation import prediction
from lstmgen.generation.draw import begin
from lstmgen.generation.prediction import predict_text
from lstmgen.media.writing import Spelled
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel

ENTRIES = (b"", b"a", b"b", b"ab", b" ", b" a", b"b.", b"\xc3", b"\xa9")


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(8)
    network = LanguageModel(Architecture(vocab_size=len(ENTRIES), embedding_size=4, hidden_size=6, num_layers=1)).double()
    with torch.no_grad():
        network.head.weight.mul_(4)
    return Decoder(network)


def word_end(content):
    return next((place for place, byte in enumerate(content) if byte in b" ."), None)


def spelled(typed, word=0, base=()):
    return Spelled(entries=ENTRIES, base=np.array(base, np.int64), typed=typed, word=word, word_end=word_end)


def masses(decoder, base, depth, whole):
    """Every text that the ids can spell behind a base, as far as `whole` says that it goes, by walking through all of them."""
    found = {}

    def walk(context, text, p, left):
        p_V = context.logits_V.double().softmax(0).tolist()
        for token, share in enumerate(p_V):
            grown = text + ENTRIES[token]
            if token == 0 or whole(grown) or not left:
                key = (grown, token == 0)
                found[key] = found.get(key, 0.0) + p * share
            elif p * share > 1e-9:
                logits_BV, state = decoder.step([token], context.state)
                walk(type(context)(logits_BV[0], state, context.ids), grown, p * share, left - 1)

    walk(begin(decoder, np.array(base, np.int64)), b"", 1.0, depth)
    return found


@pytest.mark.parametrize("typed", [b"", b"a", b"ab", b" a", b" "])
def test_the_probability_of_a_character_is_the_sum_over_all_spellings(decoder, typed):
    wanted = {}
    for (text, ended), p in masses(decoder, (2,), 5, lambda text: len(text) > len(typed) + 1).items():
        if text.startswith(typed) and (ended or len(text) > len(typed)):
            beyond = text[len(typed) :]
            key = (
                "" if ended and not beyond else beyond[:2].decode() if beyond[:2] == b"\xc3\xa9" else beyond[:1].decode("utf-8", "replace")
            )
            wanted[key] = wanted.get(key, 0.0) + p
    total = sum(wanted.values())
    found = predict_text(decoder, spelled(typed, base=(2,)), words=False, top=20)
    for each in found.candidates:
        if each.text != "\ufffd":
            assert each.probability == pytest.approx(wanted[each.text] / total, abs=max(2e-3, found.unfollowed))
    assert sum(each.probability for each in found.candidates) == pytest.approx(1, abs=5e-3)


def test_the_probability_of_a_word_is_the_sum_over_all_spellings_given_what_was_typed(decoder):
    wanted, total = {}, 0.0
    for (text, ended), p in masses(decoder, (), 5, lambda text: word_end(text[1:]) is not None or len(text) > 4).items():
        if text.startswith(b" a"):
            total += p
            end = word_end(text[1:])
            if end is not None or ended:
                word = text[1:][:end].decode("utf-8", "replace")
                wanted[word] = wanted.get(word, 0.0) + p
    found = predict_text(decoder, spelled(b" a", word=1), words=True, top=4)
    assert found.unfollowed < 2e-3
    for each in found.candidates:
        if len(each.text) <= 3:
            assert each.probability == pytest.approx(wanted[each.text] / total, rel=0.02)
        assert each.text == "a" + each.adds
    probabilities = [each.probability for each in found.candidates]
    assert probabilities == sorted(probabilities, reverse=True)


def test_with_few_lanes_what_is_missed_is_within_what_is_told(decoder, monkeypatch):
    exact = {each.text: each.probability for each in predict_text(decoder, spelled(b"a"), words=True, top=50).candidates}
    monkeypatch.setattr(prediction, "LANES", 2)
    found = predict_text(decoder, spelled(b"a"), words=True, top=3)
    assert found.unfollowed > 1e-3
    for each in found.candidates:
        assert exact[each.text] - 2e-3 <= each.probability + found.unfollowed
    best_unlisted = max(p for text, p in exact.items() if text not in {each.text for each in found.candidates})
    assert best_unlisted <= found.unlisted + 2e-3


def test_characters_of_a_model_of_characters_are_its_softmax(case):
    if case.medium.spelled(case.tokenizer, case.medium.parse_prompt(case.tokenizer, case.prompt, {}, case.model.data)) is None:
        pytest.skip("ids are events")
    found = case.model.predict(case.prompt, top=400)
    assert 0.95 < sum(each.probability for each in found.candidates) < 1 + 1e-6
    if case.tokenizer.name == "char":
        prompt = case.tokenizer.encode(case.prompt)
        p_V = begin(case.model.decoder, prompt).logits_V.double().softmax(0)
        for each in found.candidates:
            token = int(case.tokenizer.encode(each.text)[0]) if each.text else 0
            assert each.probability == pytest.approx(float(p_V[token]), rel=1e-6)


def test_events_that_may_come_next_and_no_others(tune_case):
    found = tune_case.model.predict(tune_case.prompt, top=1000)
    assert sum(each.probability for each in found.candidates) == pytest.approx(1)
    assert len({each.text for each in found.candidates}) == len(found.candidates)
    few = tune_case.model.predict(tune_case.prompt, top=2)
    assert few.candidates == found.candidates[:2]
    assert few.unlisted <= few.candidates[-1].probability
    with pytest.raises(UsageError, match="has no words"):
        tune_case.model.predict(tune_case.prompt, words=True)


@pytest.mark.parametrize("top", [0, -1, True, 1.5])
def test_a_number_of_candidates_that_cannot_be_is_refused(medium_case, top):
    with pytest.raises(UsageError):
        medium_case.model.predict(medium_case.prompt, top=top)
