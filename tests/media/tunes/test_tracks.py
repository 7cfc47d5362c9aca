"""Tracks of one program stay apart on their way through the ids, and a prompt is continued on its own tracks."""

import numpy as np
import pytest

from lstmgen.config import DataConfig
from lstmgen.errors import ModelFileError, UsageError
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.registry import tokenizer_from_json
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.events import DRUM, PITCHES, PROGRAM, TRACK
from lstmgen.media.tunes.notes.measures import BAR, POSITION
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.parts import DRUMS, MOST_TRACKS, lines_of, most_tracks
from lstmgen.media.tunes.tokenizers import build
from lstmgen.music.constraints import Constraints
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Notes, Score, Track

APART = [
    NotesTokenizer("beats", 12, tracks=4),
    NotesTokenizer("beats", 12, repeats=True, guides=True, common_key=True, tracks=4),
    NotesTokenizer("seconds", tracks=4),
]
every_form = pytest.mark.parametrize("tokenizer", APART, ids=["plain", "guided", "seconds"])
NAMES = ("Soprano", "Alto", "Tenor", "Bass")


def chorale(*, bars=4, seed=0):
    """Four voices of one program in quarter notes, which cross and meet on one pitch."""
    random, count = np.random.default_rng(seed), 4 * bars
    start = np.tile(480 * np.arange(count), 4)
    voice = np.repeat(np.arange(4), count)
    pitch = 67 - 4 * voice + random.integers(-4, 5, 4 * count)
    pitch[:count:4] = pitch[count : 2 * count : 4]
    return Score.of(Notes.of(start, start + 480, pitch, track=voice, program=19), tracks=tuple(map(Track, NAMES)))


def rows(notes):
    return sorted(zip(notes.start_ticks.tolist(), notes.track.tolist(), notes.pitch.tolist(), notes.end_ticks.tolist(), strict=True))


@every_form
def test_voices_of_one_program_come_back_on_tracks_of_their_own_where_they_cross_and_meet(tokenizer):
    score = chorale()
    ids = tokenizer.encode(score)
    back = tokenizer.decode(ids)
    assert rows(back.notes) == rows(score.notes)
    assert back.notes.program.tolist() == [19] * len(score.notes)
    assert tokenizer.encode(back).tolist() == ids.tolist()
    again = read_midi(to_midi_bytes(tokenizer.decode(ids, like=score))).score
    assert [track.name for track in again.tracks] == list(NAMES)
    assert rows(again.notes) == rows(score.notes)


def test_without_tracks_the_ids_are_those_of_old_and_voices_become_one():
    old = NotesTokenizer("beats", 12)
    assert "tracks" not in old.to_json()
    assert old.vocab_size + 4 + 3 * 128 == APART[0].vocab_size
    back = old.decode(old.encode(chorale()))
    assert set(back.notes.track.tolist()) == {0}
    assert len(back.notes) < len(chorale().notes)  # those that meet on one pitch


def test_a_note_says_its_track_with_its_pitch_and_the_beginning_how_many_there_are():
    tokenizer = APART[0]
    notes = Notes.of([0, 0, 0, 480, 480], [480] * 3 + [960] * 2, [60, 64, 67, 60, 36], track=[2, 0, 5, 0, 3], program=[7, 7, 40, 7, 0],
                     drum=[False] * 4 + [True])  # fmt: skip
    ids = tokenizer.encode(Score.of(notes))
    said = [(kind, value) for kind, value in map(tokenizer.table.event, ids.tolist()) if kind in {PROGRAM, TRACK, DRUM, *PITCHES}]
    assert said == [
        (PROGRAM, 7), (TRACK, 1), (PROGRAM, 40), (PROGRAM, DRUMS),
        (PROGRAM, 7), (PITCHES[1], 60), (PITCHES[0], 64), (PROGRAM, 40), (PITCHES[0], 67),
        (PROGRAM, 7), (PITCHES[0], 60), (PROGRAM, DRUMS), (DRUM, 36),
    ]  # fmt: skip
    assert tokenizer.piece(tokenizer.table.first(TRACK) + 1) == "2 tracks"
    assert tokenizer.piece(tokenizer.table.first(PITCHES[1]) + 60) == "pitch C4 of track 2"
    assert len(ids) == len(NotesTokenizer("beats", 12).encode(Score.of(notes))) + 1  # which says how many tracks there are
    assert ids.tolist() == PINNED


PINNED = [370, 837, 403, 491, 1, 267, 170, 370, 508, 900, 791, 588, 791, 403, 591, 791, 279, 370, 584, 791, 491, 688]


def test_drums_of_several_tracks_are_one_kit_and_each_sound_is_continued_on_the_track_that_strikes_it():
    # The clap, 39, is nearer to the hats, 42, than to the mean of its own track; the cowbell, 56, nobody has struck.
    notes = Notes.of([0, 0, 0, 480, 480], [120] * 3 + [600] * 2, [36, 39, 42, 36, 42], track=[2, 2, 1, 2, 1], drum=True)
    prompt = Score.of(notes, tracks=[Track("melody"), Track("hats"), Track("kit")])
    ids = APART[0].encode(prompt)
    assert set(APART[0].decode(ids).notes.track.tolist()) == {0}
    more = Notes.of([960] * 4, [1080] * 4, [36, 39, 42, 56], drum=True)
    back = APART[0].decode(APART[0].encode(prompt.changed(notes=Notes.joined([notes, more]))), like=prompt)
    assert [track.name for track in back.tracks] == ["melody", "hats", "kit"]
    behind = back.notes.take(back.notes.start_ticks == 960)
    assert dict(zip(behind.pitch.tolist(), behind.track.tolist(), strict=True)) == {36: 2, 39: 2, 42: 1, 56: 1}


def test_tracks_beyond_those_that_are_told_apart_are_one_with_the_last():
    tokenizer = NotesTokenizer("beats", 12, tracks=2)
    ids = tokenizer.encode(chorale())
    assert set(tokenizer.decode(ids).notes.track.tolist()) == {0, 1}
    assert lines_of(chorale(), 2).max() == 19 * MOST_TRACKS + 1


def test_as_many_stay_apart_as_there_are_in_any_score_and_none_where_that_is_refused():
    solo = Score.of(Notes.of([0], [480], [60], program=19))
    assert most_tracks([]) == 1
    for scores, tracks in (([solo], 1), ([solo, chorale()], 4)):
        assert build("notes", scores, time_base="beats").to_json().get("tracks", 1) == tracks
        assert build("notes", scores, time_base="seconds").to_json().get("tracks", 1) == tracks
        assert build("notes", scores, apart=False).to_json().get("tracks", 1) == 1
    with pytest.raises(UsageError, match="--apart does not apply to the performance tokenizer"):
        build("performance", [solo], apart=True)
    many = Score.of(Notes.of(range(20), [480] * 20, range(40, 60), track=range(20)))
    assert most_tracks([many]) == MOST_TRACKS


@every_form
def test_it_comes_back_from_its_json_and_absurd_numbers_are_refused(tokenizer):
    assert tokenizer_from_json(tokenizer.to_json()) == tokenizer
    for tracks in (0, MOST_TRACKS + 1, 2**40, "4", True):
        with pytest.raises(ModelFileError):
            tokenizer_from_json(tokenizer.to_json() | {"tracks": tracks})


def continued(tokenizer, seed):
    """A chorale, and what is written behind it by whoever lets time pass more often than not."""
    prompt = MEDIUM.parse_prompt(tokenizer, chorale(), {}, DataConfig())
    writer = MEDIUM.plan(tokenizer, prompt, {"bars": 4}, length=None, echo=True, data=DataConfig()).writer()
    random, new, table = np.random.default_rng(seed), [], tokenizer.table
    while writer.ended is None:
        allowed = np.flatnonzero(writer.allowed())
        kinds = np.array([table.event(token)[0] for token in allowed.tolist()])
        likely = [kind for kind in (POSITION, BAR) if kind in kinds and random.random() < 0.5]
        token = int(random.choice(allowed[kinds == random.choice(likely or np.unique(kinds))]))
        if token == BOUNDARY_ID:
            break
        new.append(writer.push(token))
    new.append(writer.finish())
    return writer.outcome().item, Notes.joined(new)


@pytest.mark.parametrize("tokenizer", APART[:2], ids=["plain", "guided"])
def test_a_chorale_is_continued_on_each_of_its_tracks_and_no_other(tokenizer):
    tune, streamed = continued(tokenizer, 4)
    assert [track.name for track in tune.tracks] == list(NAMES)
    assert set(streamed.track.tolist()) == {0, 1, 2, 3}
    assert rows(tune.notes) == sorted([*rows(chorale().notes), *rows(streamed)])


@pytest.mark.parametrize("tracks", [1, 2])
def test_where_several_tracks_are_one_a_new_note_goes_to_the_one_whose_notes_are_nearest(tracks):
    tokenizer = NotesTokenizer("beats", 12, tracks=tracks)
    ids = tokenizer.encode(chorale())
    back = tokenizer.decode(ids, like=chorale()).notes
    mean = [chorale().notes.pitch[chorale().notes.track == track].mean() for track in range(4)]
    free = range(tracks - 1, 4)  # the others are told apart
    nearest = [min(free, key=lambda track: abs(pitch - mean[track])) for pitch in back.pitch.tolist()]
    mine = back.track >= tracks - 1
    assert back.track[mine].tolist() == np.array(nearest)[mine].tolist()
    assert set(back.track.tolist()) == {0, 1, 2, 3}


def test_a_grid_of_voices_continues_each_voice_on_its_own_track():
    grid = GridTokenizer(4, voices=4)
    ids = grid.encode(chorale())
    frame = grid.encode(chorale(bars=1, seed=9))
    new = grid.decode(np.concatenate([ids, frame]), like=chorale(), since=len(ids)).notes
    assert set(new.track.tolist()) == {0, 1, 2, 3}
    mean = [new.pitch[new.track == track].mean() for track in range(4)]
    assert mean == sorted(mean, reverse=True)


def test_whoever_is_asked_for_joins_with_one_track_and_the_prompts_keep_theirs():
    tokenizer = APART[0]
    cursor = tokenizer.cursor(Constraints(programs=frozenset({19, 40}), drums=False))
    for token in tokenizer.encode(chorale()).tolist():
        cursor.push(token)
    cursor.begin()
    cursor.push(tokenizer.table.first(BAR))
    cursor.push(tokenizer.table.first(POSITION))
    table, allowed = tokenizer.table, cursor.allowed()
    assert np.flatnonzero(allowed[table.span(PROGRAM)]).tolist() == [40]
    assert all(allowed[table.span(kind)].any() for kind in PITCHES[:4])
    cursor.push(table.first(PROGRAM) + 40)
    assert [cursor.allowed()[table.span(kind)].any() for kind in PITCHES[:4]] == [True, False, False, False]
