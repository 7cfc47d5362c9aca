"""Tunes end where that was asked for, and continue a prompt where it ended."""

import numpy as np
import pytest

from lstmgen.config import DataConfig
from lstmgen.errors import InputError
from lstmgen.generation.sampling import Sampling
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.writer import TunePlan
from lstmgen.music.bars import Bars
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Meter, Notes, Score

HOT = Sampling(temperature=1.5)
BEAT = np.arange(6) * 480
PROMPT = Score.of(Notes.of(BEAT, BEAT + 480, 60 + np.arange(6), program=24), meters=[Meter(0, 3, 4)], tempos=[(0, 666_667)])
"""Two bars."""


def drawn(case, prompt=None, **options):
    return case.model.generate(prompt, **{"seed": 2, "sampling": HOT, **options})[0]


@pytest.mark.parametrize("seed", range(3))
def test_a_tune_of_so_many_bars_is_exactly_as_long(tune_case, seed):
    tune = drawn(tune_case, bars=3, seed=seed)
    assert (tune.ended, tune.bars) == ("bars", 3)
    assert Bars(tune.score).tick(3) == tune.score.length_ticks
    reading = read_midi(to_midi_bytes(tune.score))
    assert reading.findings == ()
    assert reading.score.length_ticks == tune.score.length_ticks


@pytest.mark.parametrize("seed", range(3))
def test_a_tune_of_so_many_seconds_is_exactly_as_long(tune_case, seed):
    tune = drawn(tune_case, seconds=4.25, seed=seed)
    assert tune.ended == "seconds"
    assert tune.score.duration_s == pytest.approx(4.25, abs=0.002)
    assert tune.seconds == tune.score.duration_s


def test_a_prompt_is_kept_note_for_note_and_continued_in_its_meter_and_tempo(tune_case):
    tune = drawn(tune_case, PROMPT, bars=4)
    score = tune.score
    assert score.notes.take(score.notes.start_ticks < 6 * 480).take(slice(0, 6)).pitch.tolist() == list(range(60, 66))
    assert score.meters == (Meter(0, 3, 4),)
    assert score.tempos.us_per_beat.tolist() == [666_667]
    assert score.length_ticks == 6 * 3 * 480
    assert tune.notes == 6 + tune.drawn_notes
    if tune_case.tokenizer.name == "notes":
        assert set(score.notes.program.tolist()) == {24}


def test_without_its_prompt_a_tune_begins_where_the_prompt_ended(tune_case):
    whole = drawn(tune_case, PROMPT, bars=4).score
    rest = drawn(tune_case, PROMPT, bars=4, echo=False).score
    assert rest.length_ticks == 4 * 3 * 480
    new = whole.notes.take(whole.notes.start_ticks >= 2 * 3 * 480)
    assert len(new) > 0
    assert rest.notes.start_ticks.tolist() == (new.start_ticks - 2 * 3 * 480).tolist()


def test_a_tune_is_played_at_the_tempo_that_is_asked_for(tune_case):
    plain, fast = (drawn(tune_case, bars=2, **options).score for options in ({}, {"bpm": 150}))
    assert fast.tempos.us_per_beat.tolist() == [400_000]
    assert fast.notes.same_as(plain.notes)


def test_so_many_tokens_and_no_more(tune_case):
    tune = drawn(tune_case, length=30)
    assert tune.tokens <= 30
    assert tune.ended in {"length", "end-of-document"}


def test_left_out_a_length_is_16_bars_or_30_seconds_where_no_bars_are_known(tune_case):
    prompt = MEDIUM.parse_prompt(tune_case.tokenizer, None, {}, tune_case.model.data)
    plan = MEDIUM.plan(tune_case.tokenizer, prompt, {}, length=None, echo=True, data=DataConfig())
    knows_bars = tune_case.tokenizer.name == "grid" or tune_case.tokenizer.to_json().get("time_base") == "beats"
    assert (plan.constraints.bars, plan.constraints.seconds) == ((16, None) if knows_bars else (None, 30.0))
    assert plan.length > 16
    assert MEDIUM.plan(tune_case.tokenizer, prompt, {"bars": 2}, length=None, echo=True, data=DataConfig()).constraints == Constraints(
        bars=2
    )
    assert MEDIUM.plan(tune_case.tokenizer, prompt, {"bars": 2}, length=7, echo=True, data=DataConfig()).length == 7
    assert MEDIUM.plan(tune_case.tokenizer, prompt, {}, length=-1, echo=True, data=DataConfig()).length is None


def test_a_tune_that_was_cut_short_or_holds_no_note_says_so(tune_case):
    warnings = " ".join(drawn(tune_case, bars=9, length=3).warnings)
    assert "it was ended after 3 tokens, before the length that was asked for" in warnings
    assert "not a single note was drawn" in " ".join(drawn(tune_case, length=0).warnings)


def test_a_prompt_that_no_model_of_the_tokenizer_could_have_learned_is_refused():
    tokenizer = NotesTokenizer("beats", 12)
    ids = np.array([tokenizer.table.first("duration")])
    with pytest.raises(InputError, match="cannot be read as notes") as caught:
        TunePlan(tokenizer=tokenizer, prompt=PROMPT, ids=ids, constraints=FREE, given_length=3, echo=True)
    assert caught.value.remedy
