"""Tracks that play one note at a time, and those that rest only all at once: found in a corpus, and kept to by what is drawn."""

import numpy as np
import pytest

from lstmgen.errors import ModelFileError
from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.events import EventTable
from lstmgen.media.tunes.notes.events import DURATION, PITCH
from lstmgen.media.tunes.notes.measures import BAR, POSITION
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.notes.voices import voices_of
from lstmgen.media.tunes.tokenizers import build
from lstmgen.music.bars import Bars
from lstmgen.music.constraints import Constraints
from lstmgen.music.excerpt import excerpt
from lstmgen.music.score import Notes, Score, Track

PROGRAMS = frozenset({0, 40})
BEAT, VOICES = 480, (72, 64, 57, 48)
SECOND = PITCH + " 2"


def choir(*, lasts=(1, 2, 1, 4), bars=2, rest=0):
    """Four voices of one program on tracks of their own, each of notes of its own length in beats; at the end all of them rest."""
    rows = [
        (beat * BEAT, (beat + length) * BEAT, pitch + beat % 3, track)
        for track, (pitch, length) in enumerate(zip(VOICES, lasts, strict=True))
        for beat in range(0, 4 * bars, length)
    ]
    start, end, pitch, track = (list(column) for column in zip(*rows, strict=True))
    return Score.of(Notes.of(start, end, pitch, track=track), tracks=[Track()] * 4, length_ticks=(4 * bars + rest) * BEAT)


def with_note(score, start, end, pitch, track):
    """The score with one note more, in beats."""
    more = Notes.of([round(start * BEAT)], [round(end * BEAT)], [pitch], track=[track])
    return score.changed(notes=Notes.joined([score.notes, more]))


def found(*scores):
    tokenizer = NotesTokenizer("beats", 12, tracks=4)
    return voices_of(map(tokenizer.notation.expressed, scores))


def test_voices_are_told_from_tracks_with_chords_and_from_those_that_rest_alone():
    whole = choir(rest=4)
    assert found(whole) == (0b1111, True)
    assert found(with_note(whole, 1, 2, 40, 0)) == (0b1110, False)
    alone = whole.changed(notes=whole.notes.take((whole.notes.track != 2) | (whole.notes.start_ticks > BEAT)))
    assert found(alone) == (0b1111, False)
    assert found(whole.changed(notes=whole.notes.take(whole.notes.track == 1))) == (1, False)  # one track is together with nobody
    drums = whole.notes.changed(drum=whole.notes.track == 3)
    assert found(whole.changed(notes=drums))[0] == 0b0111
    assert found(Score.of(Notes.empty())) == (0, False)


@pytest.mark.parametrize(("bars", "lone"), [(20, 0b1110), (600, 0b1111)])
def test_one_note_in_a_thousand_is_an_exception(bars, lone):
    assert found(with_note(choir(bars=bars), 1, 2, 40, 0))[0] == lone


def test_new_models_of_notes_in_beats_know_their_voices():
    tokenizer = build("notes", [choir()], common_key=False)
    assert (tokenizer.lone, tokenizer.together) == (0b1111, True)
    assert from_json(tokenizer.to_json()) == tokenizer
    with pytest.raises(ModelFileError, match="one note at a time"):
        from_json(tokenizer.to_json() | {"lone": 2**16})
    assert build("notes", [choir()], time_base="seconds").lone == 0


def silent_alone(score):
    """For how many ticks some voices sound and others do not, and how many play two notes at once."""
    score = score.changed(notes=score.notes.take(~score.notes.drum))
    length = int(score.notes.end_ticks.max(initial=0))
    sounding = np.zeros((len(score.tracks), length + 1), np.int64)
    np.add.at(sounding, (score.notes.track, score.notes.start_ticks), 1)
    np.add.at(sounding, (score.notes.track, score.notes.end_ticks), -1)
    sounding = sounding[np.unique(score.notes.track)].cumsum(axis=1)[:, :length]
    some = sounding.any(axis=0) & ~sounding.all(axis=0)
    return int(some.sum()), int((sounding > 1).any(axis=1).sum())


def drawn(tokenizer, seed, bars=3, prompt=None):
    """A tune of ids that a cursor allows, every kind of event as likely as any other, and of pitches and durations one of the lowest."""
    random, cursor, table = np.random.default_rng(seed), tokenizer.cursor(Constraints(bars=bars, programs=PROGRAMS)), tokenizer.table
    ids = [] if prompt is None else tokenizer.encode_prompt(prompt, bars=bars).tolist()
    for token in ids:
        cursor.push(token)
    cursor.begin()
    while not cursor.finished and len(ids) < 3000:
        allowed = np.flatnonzero(cursor.allowed())
        kinds = np.array([table.event(token)[0] for token in allowed.tolist()])
        kind = random.choice(np.unique(kinds))
        some = allowed[kinds == kind]
        few = some[:3] if kind.startswith(PITCH) else some[:24] if kind == DURATION else some
        token = int(random.choice(few))
        if token == 0:
            break
        cursor.push(token)
        ids.append(token)
    return tokenizer.decode(np.array(ids, np.int64), like=prompt)


@pytest.mark.parametrize("more", [{}, {"repeats": False}])
def test_what_is_drawn_of_voices_has_one_note_of_each_at_a_time_and_rests_only_all_at_once(more):
    tokenizer = build("notes", [choir()], common_key=False, **more)
    apart = ticks = 0
    for seed in range(24):
        score = drawn(tokenizer, seed)
        assert silent_alone(score)[1] == 0
        bars = Bars(score)
        if bars.count > 1:  # the last bar of a tune with an upbeat ends before its place
            apart += silent_alone(excerpt(score, 0, bars.tick(bars.count - 1)))[0]
            ticks += bars.tick(bars.count - 1)
    assert ticks
    # Bars that come back may begin while one voice holds on; nothing else may.
    assert apart <= (0.1 * ticks if tokenizer.repeats else 0)


def test_a_prompt_may_have_chords_and_what_follows_has_none_but_where_a_bar_of_it_comes_back():
    tokenizer = build("notes", [choir()], common_key=False, repeats=False)
    prompt = with_note(choir(), 1, 2, 40, 0)
    for seed in range(4):
        score = drawn(tokenizer, seed, prompt=prompt)
        new = score.changed(notes=score.notes.take(score.notes.start_ticks >= prompt.length_ticks))
        assert silent_alone(new)[1] == 0


def test_older_models_draw_as_they_did():
    told = {name: value for name, value in build("notes", [choir()]).to_json().items() if name not in {"lone", "together"}}
    assert any(silent_alone(drawn(from_json(told), seed))[1] for seed in range(6))


def test_while_a_voice_is_silent_and_another_sounds_no_time_goes_on():
    tokenizer = build("notes", [choir()], common_key=False, repeats=False)
    table: EventTable = tokenizer.table
    ids = tokenizer.encode_prompt(choir(lasts=(1, 1, 1, 4), bars=1), bars=1).tolist()
    cut = max(place for place, token in enumerate(ids) if table.event(token)[0] == POSITION)
    cursor = tokenizer.cursor(Constraints(bars=1))
    for token in ids[: cut + 1]:
        cursor.push(token)
    cursor.begin()  # at the last beat the bass holds on, and three voices have ended
    for place in range(3):
        allowed = cursor.allowed()
        assert not allowed[table.first(BAR)]
        assert not allowed[0]
        assert not allowed[table.span(POSITION)].any()
        cursor.push(ids[cut + 1 + 2 * place])
        cursor.push(ids[cut + 2 + 2 * place])
    assert cursor.allowed()[table.first(BAR)]
