"""A tune that arrives event by event: the notes that a stream gives are those of the whole decoded at once, none of them by half."""

import numpy as np
import pytest

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.score import Meter, Notes, Score, Track

TOKENIZERS = {
    "notes-beats-24": NotesTokenizer("beats", 24),
    "notes-beats-12": NotesTokenizer("beats", 12),
    "notes-beats-repeats": NotesTokenizer("beats", 12, repeats=True),
    "notes-beats-guides": NotesTokenizer("beats", 12, repeats=True, guides=True),
    "notes-beats-tracks": NotesTokenizer("beats", 12, repeats=True, guides=True, common_key=True, tracks=2),
    "notes-beats-common-key": NotesTokenizer("beats", 12, repeats=True, guides=True, common_key=True),
    "notes-beats-usual": NotesTokenizer(
        "beats", 12, repeats=True, variants=True, tails=True, heads=True, guides=True, length_first=True, full_bars=True
    ),
    "notes-beats-seats": NotesTokenizer("beats", 12, repeats=True, guides=True, common_key=True, tracks=2, seats=True),
    "notes-beats-usual-seats": NotesTokenizer(
        "beats", 12, repeats=True, variants=True, tails=True, heads=True, guides=True, length_first=True, full_bars=True, seats=True
    ),
    "notes-beats-returns": NotesTokenizer("beats", 12, repeats=True, variants=True, guides=True, tracks=2, seats=True, returns=True),
    "notes-seconds": NotesTokenizer("seconds"),
    "notes-seconds-tracks": NotesTokenizer("seconds", tracks=2),
    "performance": PerformanceTokenizer(),
    "voices": GridTokenizer(voices=3),
    "one-voice-fine": GridTokenizer(12, voices=1),
    "voices-without-hold": GridTokenizer(2, voices=2, hold=False),
    "chords": GridTokenizer(3, "chords"),
    "chords-without-hold": GridTokenizer(4, "chords", hold=False),
}
CONSTRAINTS = [
    FREE,
    Constraints(bars=3),
    Constraints(seconds=4.2, max_note_beats=0.5),
    Constraints(programs=frozenset({3, 40, 90}), bars=4),
    Constraints(pitches=frozenset(range(58, 64)), drums=False, seconds=6.0),
]
every_tokenizer = pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)


def like_score(random):
    """A piece of several instruments with drums, changes of tempo and meter, in ticks that are no steps."""
    count, start = 40, random.integers(0, 3000, 40)
    part = random.integers(0, 4, count)
    notes = Notes.of(
        start,
        start + random.integers(1, 700, count),
        random.integers(50, 75, count),
        velocity=random.integers(1, 128, count),
        track=part,
        program=np.where(part == 3, 0, np.array([40, 7, 7, 0])[part]),
        drum=part == 3,
    )
    tracks = [Track(name) for name in ("violin", "keys", "Voice 1", "drums")]
    meters = [Meter(0, 3, 4), Meter(3 * 97 * 3, 4, 4)]
    return Score.of(notes, ticks_per_beat=97, tempos=[(0, 431_000), (700, 612_345)], meters=meters, tracks=tracks)


def drawn(tokenizer, cursor, random, most):
    """Ids that the cursor allows, each kind of event as likely as any other but the boundary, which ends them."""
    ids = []
    kinds_V = np.array([tokenizer.table.event(token)[0] for token in range(tokenizer.vocab_size)])
    while not cursor.finished and len(ids) < most:
        allowed = np.flatnonzero(cursor.allowed())
        if random.random() < 0.97 and len(allowed) > 1:
            allowed = allowed[allowed != BOUNDARY_ID]
        kinds = kinds_V[allowed]
        token = int(random.choice(allowed[kinds == random.choice(np.unique(kinds))]))
        cursor.push(token)
        ids.append(token)
        if token == BOUNDARY_ID:
            break
    return ids


def walked(tokenizer, constraints, seed, *, most=150):
    """A prompt, or none, that may break off anywhere; the score that it is of, or none; and what may be drawn behind it."""
    random = np.random.default_rng(seed)
    like = like_score(random) if seed % 3 else None
    prompt = [] if like is None else tokenizer.encode(like).tolist()
    if seed % 3 == 2:
        prompt = prompt[: int(random.integers(0, len(prompt)))]
    cursor = tokenizer.cursor(constraints, like=like)
    for token in prompt:
        cursor.push(token)
    cursor.begin()
    return prompt, like, drawn(tokenizer, cursor, random, most)


@every_tokenizer
@pytest.mark.parametrize("constraints", CONSTRAINTS, ids=range(len(CONSTRAINTS)))
def test_the_notes_of_a_stream_are_those_of_the_whole(tokenizer, constraints):
    given = 0
    for seed in range(3):  # of no prompt, a whole one, and one that breaks off
        prompt, like, ids = walked(tokenizer, constraints, seed)
        stream = tokenizer.decoder(like=like, prompt=np.array(prompt, np.int64))
        pieces = [*map(stream.push, ids), stream.finish()]
        whole = tokenizer.decode(prompt + ids, like=like, since=len(prompt)).notes
        assert Notes.joined(pieces).same_as(whole)
        given += len(whole)
    assert given > 3


@every_tokenizer
def test_a_stream_gives_what_the_encoder_wrote_and_only_what_sounds_to_the_end_at_last(tokenizer):
    like = like_score(np.random.default_rng(5))
    ids = tokenizer.encode(like)
    stream = tokenizer.decoder(like=like)
    given = Notes.joined([stream.push(token) for token in ids.tolist()])
    last = stream.finish()
    assert Notes.joined([given, last]).same_as(tokenizer.decode(ids, like=like).notes)
    # Only what sounds until the piece is over is not given before.
    assert len(given) > 0
    assert np.all(last.end_ticks >= tokenizer.notation.base.ticks(like, tokenizer.notation.read(ids).steps))


def rows_of(notes):
    return set(zip(*(getattr(notes, name).tolist() for name in ("start_ticks", "end_ticks", "pitch", "track")), strict=True))


@every_tokenizer
def test_what_is_given_never_changes_and_what_is_not_given_yet_still_could(tokenizer):
    prompt, like, ids = walked(tokenizer, FREE, 4, most=120)
    stream = tokenizer.decoder(like=like, prompt=np.array(prompt, np.int64))
    base, given = tokenizer.notation.base, set()
    for place, token in enumerate(ids):
        given |= rows_of(stream.push(token))
        so_far = np.array(prompt + ids[: place + 1])
        decoded = rows_of(tokenizer.decode(so_far, like=like, since=len(prompt)).notes)
        assert given <= decoded
        # What is open ends where the piece ends so far, on a grid with the step before; or it is a key that is down for five seconds.
        now = tokenizer.notation.read(so_far).steps
        earliest, hanging = int(base.ticks(like, now - (tokenizer.name == "grid"))), int(base.ticks(like, max(0, now - 499)))
        assert all(end >= earliest or (tokenizer.name == "performance" and start <= hanging) for start, end, _, _ in decoded - given)


@every_tokenizer
def test_any_ids_at_all_give_notes(tokenizer):
    random = np.random.default_rng(8)
    stream = tokenizer.decoder()
    for token in random.integers(0, tokenizer.vocab_size, 500).tolist():
        notes = stream.push(token)
        assert np.all(notes.end_ticks > notes.start_ticks)
    with pytest.raises(IndexError):
        stream.push(tokenizer.vocab_size)
    assert np.all(stream.finish().end_ticks > 0)


def test_a_note_is_given_with_the_id_that_tells_its_end():
    tokenizer = PerformanceTokenizer()
    on, off, shift, velocity = (tokenizer.table.first(kind) for kind in ("on", "off", "shift", "velocity"))
    stream = tokenizer.decoder()
    given = [len(stream.push(token)) for token in (velocity + 20, on + 60, on + 64, shift + 49, off + 60, shift + 9)]
    assert given == [0, 0, 0, 0, 1, 0]
    assert stream.finish().pitch.tolist() == [64]


def test_of_a_chord_the_notes_below_the_next_pitch_have_ended():
    stream = GridTokenizer(1, "chords").decoder()
    given = [stream.push(token).pitch.tolist() for token in (2 + 50, 2 + 60, 2 + 70, 1, 130 + 60, 1)]
    assert given == [[], [], [], [], [50], [70]]
    assert stream.finish().pitch.tolist() == [60]
