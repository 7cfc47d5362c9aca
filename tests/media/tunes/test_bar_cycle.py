"""The clock of bars that a network of `notes` gets."""

from dataclasses import replace

import numpy as np
import pytest

from lstmgen.errors import ModelFileError, UsageError
from lstmgen.media.base import Clock
from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.notes.measures import BAR
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.tokenizers import build
from lstmgen.music.score import Notes, Score

TUNE = Score.of(Notes.of(np.arange(40) * 480, np.arange(40) * 480 + 480, 60 + np.arange(40) % 7))


def test_each_bar_ticks_once_and_nothing_else_does():
    tokenizer = build("notes", [TUNE], cycle_bars=3)
    clock = tokenizer.clock
    assert clock == Clock(3, tokenizer.table.first(BAR), tokenizer.table.first(BAR), needed=False)
    ids = tokenizer.encode(TUNE)
    ticks = (ids >= clock.low) & (ids <= clock.high)
    assert ticks.sum() == 10
    assert ids.tolist() == replace(tokenizer, cycle_bars=0).encode(TUNE).tolist()


def test_it_is_a_default_of_guides_and_older_models_have_none():
    assert build("notes", [TUNE]).cycle_bars == 8
    assert build("notes", [TUNE], guides=False).cycle_bars == 0
    assert build("notes", [TUNE], cycle_bars=0).clock is None
    assert build("notes", [TUNE], time_base="seconds").clock is None
    older = NotesTokenizer("beats", 12, guides=True)
    assert "cycle_bars" not in older.to_json()
    assert older.clock is None
    assert from_json(replace(older, cycle_bars=16).to_json()).cycle_bars == 16
    for wrong in (-1, 65, 2.0, True):
        with pytest.raises(ModelFileError):
            from_json(older.to_json() | {"cycle_bars": wrong})
    for options in ({"cycle_bars": 65}, {"cycle_bars": 8, "time_base": "seconds"}):
        with pytest.raises(UsageError, match="cycle"):
            build("notes", [TUNE], **options)
