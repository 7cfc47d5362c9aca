"""Tunes whose end leads into their beginning."""

import io
import wave

import numpy as np
import pytest

from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.remaining import LEFT, LENGTH, band_name
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.music.bars import Bars
from lstmgen.music.rendering import render_bytes
from lstmgen.music.score import Notes, Score
from lstmgen.music.sound.wav import looped

DATA = DataConfig(sources=("x",))


def walk(tokenizer, options, seed):
    """The kinds and values of a tune that a cursor allows, and the tune."""
    asked = MEDIUM.parse_prompt(tokenizer, None, options, DATA)
    writer = MEDIUM.plan(tokenizer, asked, options, length=None, echo=True, data=DataConfig()).writer()
    random, table, events = np.random.default_rng(seed), tokenizer.table, []
    while writer.ended is None and len(events) < 4000:
        allowed = np.flatnonzero(writer.allowed())
        kinds = np.array([table.event(token)[0] for token in allowed.tolist()])
        token = int(random.choice(allowed[kinds == random.choice(np.unique(kinds))]))
        assert token
        writer.push(token)
        events.append(table.event(token))
    assert writer.ended == "bars"
    return events, writer.outcome().item


@pytest.mark.parametrize("guides", [True, False])
def test_a_loop_has_its_bars_and_no_upbeat_and_a_model_is_not_told_of_its_end(guides):
    tokenizer = NotesTokenizer("beats", 12, repeats=True, guides=guides)
    for seed in range(5):
        events, score = walk(tokenizer, {"loop": True, "bars": 4}, seed)
        assert score.loops
        assert Bars(score).count == 4
        assert int(score.notes.end_ticks.max(initial=0)) <= score.length_ticks == Bars(score).tick(4)
        if guides:
            assert [value + 1 for kind, value in events if kind == LENGTH] == [8]
            assert [band_name(value) for kind, value in events if kind == LEFT] == ["8", "7", "6", "5"]


def test_what_does_not_loop_does_not_say_so():
    assert not Score.of(Notes.of([0], [10], [60])).loops
    _, score = walk(NotesTokenizer("beats", 12), {"bars": 2}, 1)
    assert not score.loops


def test_a_tune_that_goes_on_with_another_cannot_loop():
    tokenizer = NotesTokenizer("beats", 12)
    prompt = MEDIUM.parse_prompt(tokenizer, "C4 E4", {"loop": True}, DATA)
    with pytest.raises(UsageError, match="--loop"):
        MEDIUM.plan(tokenizer, prompt, {"loop": True}, length=None, echo=True, data=DataConfig())


def test_what_lies_behind_the_end_is_laid_over_the_beginning_as_often_as_it_takes():
    sound = np.array([[1, -1], [2, -2], [3, -3], [10, 0], [20, 0], [30, 0], [100, 7]], np.int16)
    assert looped(sound, 3).tolist() == [[111, 6], [22, -2], [33, -3]]
    assert looped(sound, 9)[7:].tolist() == [[0, 0], [0, 0]]
    loud = np.full((6, 2), 30_000, np.int16)
    assert looped(loud, 3).tolist() == [[32_767, 32_767]] * 3
    assert looped(sound, 0).shape == (0, 2)


def test_the_sound_of_a_loop_is_just_as_long_as_the_tune_and_begins_with_its_end():
    score = Score.of(Notes.of([1440], [1920], [60]), length_ticks=1920)

    def frames(**options):
        with wave.open(io.BytesIO(render_bytes(score, "wav", sample_rate=8000, **options))) as file:
            return np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)

    once, loop = frames(ticks=(0, 1920)), frames(loop=True)
    assert len(once) > len(loop) == 8000 * 2
    assert not once[: 8000 // 4].any()
    assert loop[: 8000 // 4].any()
