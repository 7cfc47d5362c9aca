"""Tunes end where they were wished to, go on where a prompt ended, and are counted in bars."""

import numpy as np
import pytest
import torch
from lstmgen.generation.compose import after, bars_of, wishes_of

from lstmgen.errors import InputError
from lstmgen.generation.sampling import Sampling
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.music.bars import Bars
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Meter, Notes, Score
from lstmgen.runs.model import TrainedModel

TOKENIZERS = [
    NotesTokenizer("beats", 12),
    NotesTokenizer("seconds", 24),
    PerformanceTokenizer(),
    GridTokenizer(form="voices", voices=2, steps_per_beat=4),
    GridTokenizer(form="chords", steps_per_beat=4),
]
every = pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: "-".join(map(str, list(tokenizer.to_json().values())[:3])))
HOT = Sampling(temperature=1.5)


def model_of(tokenizer):
    torch.manual_seed(1)
    clock = tokenizer.clock
    period = {"clock_period": clock.period, "clock_low": clock.low, "clock_high": clock.high} if clock else {}
    network = LanguageModel(Architecture(vocab_size=tokenizer.vocab_size, embedding_size=8, hidden_size=8, num_layers=1, **period))
    return TrainedModel(network, tokenizer)


def waltz(bars=2):
    start = 480 * np.arange(3 * bars)
    return Score.of(Notes.of(start, start + 480, 60 + np.arange(3 * bars), program=24), meters=[Meter(0, 3, 4)], tempos=[(0, 666_667)])


@every
@pytest.mark.parametrize("seed", range(5))
def test_a_tune_of_so_many_bars_is_exactly_as_long(tokenizer, seed):
    tune = model_of(tokenizer).compose(bars=3, seed=seed, sampling=HOT)[0]
    assert (tune.ended, tune.bars) == ("bars", 3)
    assert Bars(tune.score).count == 3
    reading = read_midi(to_midi_bytes(tune.score))
    assert reading.findings == ()
    assert reading.score.length_ticks == tune.score.length_ticks


@every
@pytest.mark.parametrize("seed", range(5))
def test_a_tune_of_so_many_seconds_is_exactly_as_long(tokenizer, seed):
    tune = model_of(tokenizer).compose(seconds=4.25, seed=seed, sampling=HOT)[0]
    assert tune.ended == "seconds"
    assert tune.score.duration_s == pytest.approx(4.25, abs=0.002)


@every
def test_a_prompt_is_kept_note_for_note_and_goes_on_in_its_meter_and_tempo(tokenizer):
    tune = model_of(tokenizer).compose(waltz(), bars=4, seed=2, sampling=HOT)[0]
    score = tune.score
    assert score.notes.take(score.notes.start_ticks < 6 * 480).take(slice(0, 6)).pitch.tolist() == list(range(60, 66))
    assert score.meters == (Meter(0, 3, 4),)
    assert score.tempos.us_per_beat.tolist() == [666_667]
    assert score.length_ticks == 6 * 3 * 480
    assert tune.notes == 6 + tune.drawn_notes
    if tokenizer.name == "notes":
        assert set(score.notes.program.tolist()) == {24}


@every
def test_without_its_prompt_a_tune_begins_where_the_prompt_ended(tokenizer):
    model = model_of(tokenizer)
    whole = model.compose(waltz(), bars=4, seed=2, sampling=HOT)[0].score
    rest = model.compose(waltz(), bars=4, seed=2, sampling=HOT, echo=False)[0].score
    assert rest.length_ticks == 4 * 3 * 480
    new = whole.notes.take(whole.notes.start_ticks >= 2 * 3 * 480)
    assert rest.notes.start_ticks.tolist() == (new.start_ticks - 2 * 3 * 480).tolist()


@every
def test_one_tune_is_the_same_however_many_are_drawn(tokenizer):
    model = model_of(tokenizer)
    several = model.compose(bars=2, seed=3, num_samples=3, sampling=HOT)
    for number, tune in enumerate(several):
        alone = model.compose(bars=2, seed=3, first=number, sampling=HOT)[0]
        assert alone.score.notes.same_as(tune.score.notes)
        assert (alone.index, alone.nats_per_token) == (tune.index, tune.nats_per_token)


def test_so_many_tokens_and_no_more():
    tune = model_of(TOKENIZERS[0]).compose(length=30, seed=1, sampling=HOT)[0]
    assert tune.tokens <= 30
    assert tune.ended in {"length", "end-of-document"}


def test_wishes_stand_above_what_a_prompt_says():
    own = wishes_of(waltz(), Constraints(programs=frozenset({40})))
    assert (own.programs, own.keep_tempo, own.keep_meter) == (frozenset({40}), True, True)
    assert wishes_of(waltz(), FREE).programs == frozenset({24})
    assert not wishes_of(waltz(), FREE).drums
    assert wishes_of(None, FREE) == FREE


@pytest.mark.parametrize(
    ("length", "meters", "expected"),
    [(0, [], 0), (1920, [], 1), (2880, [], 1.5), (1440, [Meter(0, 3, 4)], 1), (1440 + 960, [Meter(0, 3, 4), Meter(1440, 4, 4)], 1.5)],
)
def test_length_in_bars(length, meters, expected):
    assert bars_of(Score.of(Notes.empty(), meters=meters, length_ticks=length)) == pytest.approx(expected)


def test_bars_of_a_piece_that_claims_billions_are_counted_at_once():
    assert bars_of(Score.of(Notes.empty(), ticks_per_beat=1, meters=[Meter(0, 1, 64)], length_ticks=2**31 - 2)) > 1e9


def test_what_comes_after_a_tick_keeps_the_tempo_and_the_meter_that_hold_there():
    score = Score.of(
        Notes.of([0, 1920, 3840], [480, 2400, 4000], [60, 62, 64]),
        meters=[Meter(0, 4, 4), Meter(1920, 3, 4)],
        tempos=[(0, 500_000), (480, 400_000), (3840, 300_000)],
    )
    rest = after(score, 1920)
    assert rest.notes.start_ticks.tolist() == [0, 1920]
    assert rest.meters == (Meter(0, 3, 4),)
    assert (rest.tempos.ticks.tolist(), rest.tempos.us_per_beat.tolist()) == ([0, 1920], [400_000, 300_000])


def test_a_prompt_that_is_no_tune_is_refused(tmp_path):
    (tmp_path / "x.mid").write_text("no")
    with pytest.raises(InputError):
        model_of(TOKENIZERS[0]).compose(tmp_path / "x.mid", bars=1)
