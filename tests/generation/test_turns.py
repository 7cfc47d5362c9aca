"""Taking turns on one text."""

import numpy as np
import pytest
import torch

from lstmgen.config import DataConfig
from lstmgen.errors import UnseenSymbolError, UsageError
from lstmgen.generation.draw import begin
from lstmgen.generation.prediction import predict_text
from lstmgen.generation.request import Request
from lstmgen.generation.sampling import Sampling
from lstmgen.generation.turns import Turns
from lstmgen.media.text import tokenizers
from lstmgen.media.text.byte import ByteTokenizer
from lstmgen.media.text.medium import MEDIUM
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel

BYTE = ByteTokenizer()
CHAR = tokenizers.build("char", lambda: iter(["abcdefg .\n"]))


def decoder_for(tokenizer):
    with torch.random.fork_rng():
        torch.manual_seed(11)
        return Decoder(LanguageModel(Architecture(vocab_size=tokenizer.vocab_size, embedding_size=5, hidden_size=7, num_layers=2)))


def turns_of(tokenizer=CHAR, seed=2):
    return Turns(decoder_for(tokenizer), MEDIUM, tokenizer, seed=seed)


def turn(turns, length, **options):
    """The model's turn, of which nothing is drawn yet."""
    return turns.generate(Request(length=length, sampling=Sampling(temperature=1), options={"ignore_end": True, **options}))


def known(turns):
    """What the model has read."""
    return turns._job.context


def check_state_belongs_to_text(turns):
    """The state is the one after exactly the text."""
    fresh = begin(turns._job.decoder, turns._tokenizer.encode(turns.text))
    torch.testing.assert_close(known(turns).logits_V, fresh.logits_V, rtol=1e-4, atol=1e-5)
    assert known(turns).ids.tolist() == fresh.ids.tolist()


def test_the_text_grows_by_what_both_wrote():
    turns = turns_of()
    turns.append("abc. ")
    first = "".join(turn(turns, 12))
    turns.append("\nfed")
    second = "".join(turn(turns, 7))
    assert (len(first), len(second)) == (12, 7)
    assert turns.text == f"abc. {first}\nfed{second}"
    check_state_belongs_to_text(turns)


def test_undo_takes_back_one_turn_at_a_time_text_and_state():
    turns = turns_of()
    texts = [turns.text]
    turns.append("abc")
    texts.append(turns.text)
    list(turn(turns, 5, ignore_end=False))
    texts.append(turns.text)
    turns.append("gfe")
    for expected in reversed(texts):
        assert turns.undo()
        assert turns.text == expected
        check_state_belongs_to_text(turns)
    assert not turns.undo()


def test_asking_again_after_undo_gives_another_continuation():
    turns = turns_of()
    turns.append("abc")
    first = "".join(turn(turns, 20))
    turns.undo()
    assert "".join(turn(turns, 20)) != first


def test_the_same_actions_with_the_same_seed_give_the_same_text():
    results = []
    for seed in (2, 2, 3):
        turns = turns_of(seed=seed)
        turns.append("abc")
        list(turn(turns, 20))
        turns.undo()
        list(turn(turns, 20))
        results.append(turns.text)
    assert results[0] == results[1] != results[2]


def test_after_a_stop_text_the_state_is_the_one_after_the_text_as_it_stands():
    turns = turns_of()
    turns.append("ab")
    text = "".join(turn(turns, 400, stop=("e", "g")))
    assert "e" not in text
    assert "g" not in text
    assert turns.text == "ab" + text
    check_state_belongs_to_text(turns)


def test_half_a_character_at_the_end_of_a_turn_is_neither_shown_nor_known():
    turns, halves = turns_of(BYTE), 0
    for _ in range(60):
        stream = turn(turns, 3)
        list(stream)
        decoder = BYTE.decoder()
        whole = "".join(decoder.push(token) for token in stream.lane.ids.tolist())
        halves += decoder.finish() != ""
        assert turns.text == whole
        assert turns.text == BYTE.decode(known(turns).ids), "the model knows what is shown"
        turns.undo()
    assert halves > 3


def test_a_turn_that_is_left_half_way_keeps_what_was_emitted():
    turns = turns_of()
    turns.append("ab")
    stream = turn(turns, 50)
    begun = next(stream) + next(stream) + next(stream)
    assert turns.text == "ab" + begun
    turns.append("cd")
    assert turns.text == "ab" + begun + "cd"
    check_state_belongs_to_text(turns)
    assert list(stream) == []
    turns.undo()
    turns.undo()
    assert turns.text == "ab"


def test_an_interruption_leaves_text_and_state_together(monkeypatch):
    turns = turns_of()
    stream = turn(turns, 50)
    begun = next(stream)
    monkeypatch.setattr(turns._job.decoder, "step", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        next(stream)
    monkeypatch.undo()
    assert turns.text == begun
    turns.append("a")
    check_state_belongs_to_text(turns)


def test_unseen_symbols_are_refused_or_noted():
    turns = turns_of()
    with pytest.raises(UnseenSymbolError):
        turns.append("aé")
    assert turns.text == ""
    assert not turns.undo()
    assert turns.append("aé", oov="skip")
    assert turns.text == "aé"
    assert known(turns).ids.tolist() == CHAR.encode("a").tolist()


def test_appending_nothing_is_no_turn():
    turns = turns_of()
    assert turns.append("") == ()
    assert not turns.undo()


def test_what_is_kept_is_not_undone():
    turns = turns_of()
    turns.append("abc")
    turns.keep()
    turns.append("d")
    assert turns.undo()
    assert not turns.undo()
    assert turns.text == "abc"


def test_a_turn_without_an_end_continues_until_it_is_left():
    turns = turns_of()
    stream = turn(turns, -1)
    assert len("".join(next(stream) for _ in range(600))) == len(turns.text) == 600


def test_a_turn_that_is_refused_is_no_turn():
    turns = turns_of()
    for options in ({"stop": [""]}, {"tempo": 3}):
        with pytest.raises(UsageError):
            turn(turns, 5, **options)
    assert (turns.text, turns.undo()) == ("", False)


def test_a_seed_is_drawn_where_none_is_given_and_gives_the_same_again():
    first, second = turns_of(seed=None), turns_of(seed=None)
    assert first.seed != second.seed
    list(turn(first, 20))
    again = turns_of(seed=first.seed)
    list(turn(again, 20))
    assert again.text == first.text


def test_the_end_of_a_document_ends_a_turn_and_leaves_the_text_open():
    turns = turns_of()
    for _ in range(40):
        stream = turn(turns, 100, ignore_end=False)
        list(stream)
        if stream.result.ended == "end-of-document":
            break
    else:
        pytest.fail("no turn ended by itself")
    check_state_belongs_to_text(turns)
    assert np.all(known(turns).ids != 0)


def test_words_are_suggested_behind_what_was_said_so_far_and_nothing_is_added():
    assert all("\ufffd" not in each.text for each in turns_of(BYTE).suggest("", top=200))
    turns = turns_of()
    turns.append("abc. ")
    found = turns.suggest("fe", top=3)
    whole = MEDIUM.parse_prompt(CHAR, "abc. fe", {}, DataConfig())
    expected = predict_text(decoder_for(CHAR), MEDIUM.spelled(CHAR, whole), words=True, top=4).candidates
    assert [each.text for each in found] == [each.text for each in expected if each.adds][:3]
    assert [each.probability for each in found] == pytest.approx([each.probability for each in expected if each.adds][:3], rel=1e-3)
    assert all(each.text == f"fe{each.adds}" for each in found)
    assert turns.text == "abc. "
    check_state_belongs_to_text(turns)
    assert turns.suggest("fe", top=3, stop=lambda: True) == ()
    with pytest.raises(UnseenSymbolError):
        turns.suggest("xyz", top=3)
