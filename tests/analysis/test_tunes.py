"""How well tunes are predicted: the sums over bars, notes and frames are those over tokens, and each token is where its note is."""

import math

import numpy as np
import pytest
import torch
from lstmgen.analysis.tunes import score_tunes

from lstmgen.errors import InputError
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.music.score import Meter, Notes, Score

TOKENIZERS = [
    NotesTokenizer("beats", 12),
    NotesTokenizer("seconds", 24),
    PerformanceTokenizer(),
    GridTokenizer(form="voices", voices=2, steps_per_beat=2),
    GridTokenizer(form="chords", steps_per_beat=2),
]
every = pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: "-".join(map(str, list(tokenizer.to_json().values())[:3])))


def tune(bars=6):
    """A scale in 3/4 at 90 beats a minute, one note a beat, over a held bass."""
    count = 3 * bars
    melody = Notes.of(480 * np.arange(count), 480 * np.arange(1, count + 1), 60 + np.arange(count) % 12, track=0)
    bass = Notes.of(1440 * np.arange(bars), 1440 * np.arange(1, bars + 1), 36 + np.arange(bars), track=1)
    notes = Notes.joined([melody, bass])
    return Score.of(notes, meters=[Meter(0, 3, 4)], tempos=[(0, 666_667)], length_ticks=480 * count)


def network(tokenizer):
    torch.manual_seed(5)
    return LanguageModel(Architecture(vocab_size=tokenizer.vocab_size, embedding_size=8, hidden_size=8, num_layers=1)).double()


def scored(tokenizer, *tunes, **more):
    documents = [(f"tune {number}", tokenizer.encode(tune)) for number, tune in enumerate(tunes)]
    return score_tunes(network(tokenizer), tokenizer, documents, scores=tunes, **more)


@every
def test_every_token_belongs_to_one_bar_and_the_bars_are_those_of_the_tune(tokenizer):
    found = scored(tokenizer, tune(), tune(3))
    bars = found.per_bar()
    assert sum(bar.tokens for bar in bars) == found.tokens == len(found.per_token())
    assert math.fsum(bar.nats for bar in bars) == pytest.approx(found.nats_per_token * found.tokens)
    assert {bar.bar for bar in bars if bar.tune == 2} <= {1, 2, 3, 4}
    for bar in bars:
        assert bar.seconds == pytest.approx(2.0 * (bar.bar - 1), abs=1e-4)  # three beats of 2/3 s
    assert {1, 2, 3, 4, 5, 6} <= {bar.bar for bar in bars if bar.tune == 1}


@every
def test_a_note_stands_at_the_tick_at_which_it_begins(tokenizer):
    score = tune()
    ids = tokenizer.encode(score)
    ticks = tokenizer.ticks_of(ids, score)
    assert np.all(np.diff(ticks) >= 0)
    for index in range(len(ids)):
        begun = tokenizer.decode(ids[: index + 1], like=score, since=index).notes
        tolerance = 6  # a hundredth of a second is seven ticks and a bit
        assert all(abs(tick - ticks[index]) <= tolerance for tick in begun.start_ticks.tolist())


@every
def test_the_same_sum_over_tokens_notes_seconds_and_frames(tokenizer):
    found = scored(tokenizer, tune(), tune(4))
    total = found.nats_per_token * found.tokens
    assert found.notes == (10 * 3 + 10)
    assert found.nats_per_note * found.notes == pytest.approx(total)
    assert found.nats_per_second * found.seconds == pytest.approx(total)
    assert (found.frames is None) == (tokenizer.name != "grid")
    if found.frames:
        assert found.frames == 10 * 6
        assert found.nats_per_frame * found.frames == pytest.approx(total)


@every
def test_a_tune_is_predicted_as_the_equations_say_and_windows_start_anew(tokenizer):
    ids = tokenizer.encode(tune())
    model = network(tokenizer)
    found = score_tunes(model, tokenizer, [("a", ids)])
    with torch.no_grad():
        inputs = torch.tensor([0, *ids[:-1].tolist()])[:, None]
        logits, _ = model(inputs, model.zero_state(1))
        expected = torch.nn.functional.cross_entropy(logits[:, 0], torch.from_numpy(ids), reduction="none")
    assert found.documents[0][2] == pytest.approx(expected.numpy())
    cut = score_tunes(model, tokenizer, [("a", ids)], window=4)
    assert cut.tokens == found.tokens
    assert cut.nats_per_token != pytest.approx(found.nats_per_token)


def test_the_first_frame_of_every_tune_can_be_left_out():
    tokenizer = GridTokenizer(form="chords", steps_per_beat=1)
    found = scored(tokenizer, tune(), tune(2))
    first = sum(nats[: 1 + int(np.argmax(tokenizer.frame_ends(ids)))].sum() for _, ids, nats in found.documents)
    rest = found.nats_per_token * found.tokens - first
    assert found.nats_per_frame_after_first == pytest.approx(rest / (found.frames - 2))


def test_without_the_tunes_bars_are_those_that_the_ids_say():
    tokenizer = NotesTokenizer("beats", 12)
    found = score_tunes(network(tokenizer), tokenizer, [("a", tokenizer.encode(tune()))])
    assert [bar.bar for bar in found.per_bar()] == [1, 2, 3, 4, 5, 6]
    assert found.per_bar()[1].seconds == pytest.approx(2.0, rel=0.01)
    assert "per_bar" in found.to_json(per_bar=True)
    assert "per_bar" not in found.to_json()


def test_nothing_to_score_is_an_error():
    tokenizer = PerformanceTokenizer()
    with pytest.raises(InputError):
        score_tunes(network(tokenizer), tokenizer, [])
