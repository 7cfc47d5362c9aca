"""How tunes of a corpus end, on the tonic and on a note that is held, and that what is drawn ends so as often."""

from dataclasses import replace

import numpy as np
import pytest

from lstmgen.config import DataConfig
from lstmgen.errors import ModelFileError
from lstmgen.media.registry import tokenizer_from_json
from lstmgen.media.tunes import endings
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.events import DURATION, PITCH, VELOCITY
from lstmgen.media.tunes.notes.measures import BAR, POSITION
from lstmgen.media.tunes.notes.remaining import LEFT
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.statistics import ending_of
from lstmgen.media.tunes.tokenizers import build
from lstmgen.music.score import Key, Notes, Score

TUNE = [60, 62, 64, 65, 67, 65, 64, 62]
WAYS = {(True, True): (60, 4), (True, False): (60, 1), (False, True): (71, 4), (False, False): (71, 1)}
"""For each way to end the last pitch and its length in beats."""


def tune(pitch, beats, bars=3):
    """In C, a scale up and down for all bars but the last, which has one note."""
    pitches = [*(TUNE * 9)[: 4 * (bars - 1)], pitch]
    start = 480 * np.arange(len(pitches))
    end = start + 480
    end[-1] = start[-1] + 480 * beats
    return Score.of(Notes.of(start, end, pitches, velocity=80), keys=[Key(0, 0)], length_ticks=1920 * bars)


@pytest.mark.parametrize("way", WAYS)
def test_a_tune_ends_on_its_tonic_or_not_and_on_a_held_note_or_not(way):
    assert ending_of(tune(*WAYS[way])) == way
    assert ending_of(Score.of(Notes.empty())) is None


def test_the_endings_of_a_corpus_are_counted_by_length_and_come_back_from_a_file():
    corpus = [tune(*WAYS[way]) for way in WAYS] * 2 + [tune(60, 4, bars=9)] * 3
    found = endings.endings_of(corpus)
    assert found == ((3, (2, 2, 2, 2)), (9, (3, 0, 0, 0)))
    assert endings.from_json(endings.to_json(found)) == found
    assert endings.endings_of([]) == endings.endings_of([Score.of(Notes.empty())]) == ()
    tokenizer = build("notes", corpus)
    assert tokenizer.endings == found
    assert tokenizer_from_json(tokenizer.to_json()) == tokenizer
    assert build("notes", corpus, guides=False).endings == ()
    assert "endings" not in NotesTokenizer("beats", 12, guides=True).to_json()


@pytest.mark.parametrize(
    "said", [[1], {"x": [1, 1, 1, 1]}, {"4": [1, 1, 1]}, {"4": [0, 0, 0, 0]}, {"4": [1, 1, 1, -1]}, {"4": [1, 1, 1, 1.0]}]
)
def test_endings_that_are_none_are_refused(said):
    values = NotesTokenizer("beats", 12, guides=True).to_json() | {"endings": said}
    with pytest.raises(ModelFileError, match="end"):
        tokenizer_from_json(values)


@pytest.mark.parametrize(("bars", "shares"), [(4, (0.5, 0.2, 0.2, 0.1)), (18, (0.0, 0.0, 0.0, 1.0)), (90, (0.4, 0.16, 0.16, 0.28))])
def test_each_way_is_chosen_as_often_as_tunes_of_about_that_length_end_so(bars, shares):
    known = ((4, (40, 16, 16, 8)), (16, (0, 0, 0, 20)))  # of 90 bars there is none, so all of them say it
    chosen = [endings.chosen_ending(known, bars, np.array([7, seed])) for seed in range(2000)]
    assert [chosen.count(way) / 2000 for way in WAYS] == pytest.approx(shares, abs=0.04)
    assert endings.chosen_ending(known, bars, np.array([7, 3])) == chosen[3]


TOKENIZER = NotesTokenizer("beats", 12, guides=True, repeats=True, length_first=True, full_bars=True)
TABLE = TOKENIZER.table


def writer_of(way):
    """Behind two bars in C, of which one more is drawn that is to end in a way; None: in any."""
    counts = () if way is None else ((3, tuple(20 * (each == way) for each in WAYS)),)
    tokenizer, data = replace(TOKENIZER, endings=counts), DataConfig(sources=("x",))
    prompt = tune(60, 1).changed(length_ticks=0)
    prompt = prompt.changed(notes=prompt.notes.take(prompt.notes.start_ticks < 3840), length_ticks=3840)
    asked = MEDIUM.parse_prompt(tokenizer, prompt, {"bars": 1}, data)
    return MEDIUM.plan(tokenizer, asked, {"bars": 1}, length=None, echo=True, data=data).writer()


def write(writer, pitch, beats):
    """The last bar: one note; what the writer gives of it."""
    events = [
        (LEFT, 0),
        (POSITION, 0),
        (VELOCITY, 3),
        (PITCH, pitch),
        (DURATION, int(np.searchsorted(TOKENIZER.notation.time.lengths_D, 12 * beats))),
    ]
    return sum(len(writer.push(TABLE.first(kind) + value)) for kind, value in events)


@pytest.mark.parametrize("way", WAYS)
def test_a_last_bar_that_ends_otherwise_is_drawn_again_and_held_back_so_long(way):
    writer, others = writer_of(way), [each for each in WAYS if each != way]
    writer.push(TABLE.first(BAR))
    for tries, other in enumerate(others, 1):
        assert writer.tries == tries
        assert write(writer, *WAYS[other]) == 0
        assert not writer.may_end()
    assert write(writer, *WAYS[way]) == 0
    assert writer.may_end()
    assert len(writer.finish()) == 1
    assert ending_of(writer.outcome().item) == way


def test_after_some_tries_a_last_bar_is_taken_as_it_is():
    writer = writer_of((True, True))
    writer.push(TABLE.first(BAR))
    given = []
    while not given or not writer.may_end():
        given.append(write(writer, 71, 1))
    assert given == [0] * 6 + [1]


def test_where_nothing_is_known_of_endings_the_first_is_taken():
    writer = writer_of(None)
    writer.push(TABLE.first(BAR))
    assert write(writer, 62, 1) == 1
    assert writer.tries == 0
    assert writer.may_end()
