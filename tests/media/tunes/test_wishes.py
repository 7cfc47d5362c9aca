"""Whatever is asked of a tune: it is kept, the file is valid, and nothing is drawn only because nothing else was left."""

import numpy as np
import pytest

from lstmgen.generation.sampling import Sampling
from lstmgen.media.tunes.notes.beats import METER, POSITION, TEMPO
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.music.bars import Bars
from lstmgen.music.constraints import Constraints
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Meter, Notes, Score

PROMPT = Score.of(
    Notes.of([0, 0, 480, 960], [1440, 480, 960, 1440], [48, 60, 64, 67], program=[32, 0, 0, 0], track=[1, 0, 0, 0]),
    meters=[Meter(0, 3, 4)],
    tempos=[(0, 600_000)],
    length_ticks=1440,
)


def wishes(random):
    """A few of all things that may be asked for, with an end."""

    def maybe(value):
        return value if random.random() < 0.5 else None

    low = int(random.integers(30, 90))
    scale = frozenset(random.choice(12, int(random.integers(1, 8)), replace=False).tolist())
    pitches = frozenset(pitch for pitch in range(low, low + int(random.integers(1, 40))) if pitch % 12 in scale) or frozenset({low})
    end = {"bars": int(random.integers(1, 4))} if random.random() < 0.5 else {"seconds": float(random.uniform(1, 5))}
    return Constraints(
        pitches=maybe(pitches),
        max_polyphony=maybe(int(random.integers(1, 4))),
        keep=str(random.choice(["highest", "lowest"])),
        max_note_beats=maybe(float(random.uniform(0.05, 2))),
        programs=maybe(frozenset(random.choice(128, int(random.integers(1, 4)), replace=False).tolist())),
        drums=bool(random.random() < 0.5),
        **end,
    )


def check_kept(asked, tune, new):
    """The new notes, and the tune that they are in, are as they were asked for."""
    score, pitched = tune.score, new.take(~new.drum)
    assert np.all(new.end_ticks > new.start_ticks)
    if asked.pitches is not None:
        assert set(pitched.pitch.tolist()) <= asked.pitches
    if asked.max_polyphony is not None:
        sounding = score.notes.take(~score.notes.drum)
        at_once = [int(((sounding.start_ticks <= tick) & (sounding.end_ticks > tick)).sum()) for tick in pitched.start_ticks.tolist()]
        assert max(at_once, default=0) <= asked.max_polyphony
    if tune.ended == "bars":
        assert score.length_ticks == Bars(score).end_tick
    assert asked.drums or not new.drum.any()


@pytest.mark.parametrize(("seed", "prompt"), [*((seed, None) for seed in range(5)), *((seed, PROMPT) for seed in range(5, 10))])
def test_what_is_asked_for_is_kept_and_the_file_is_valid(tune_case, seed, prompt):
    random = np.random.default_rng([seed, 9])
    asked = wishes(random)
    tune = tune_case.model.generate(
        prompt, seed=seed, sampling=Sampling(temperature=float(random.uniform(0.6, 1.8))), length=600, constraints=asked
    )[0]
    reading = read_midi(to_midi_bytes(tune.score))
    assert reading.findings == ()
    before = 0 if prompt is None else len(prompt.notes)
    new = [note for note in range(len(tune.score.notes)) if note >= before]
    check_kept(asked, tune, tune.score.notes.take(np.array(new, np.int64)))
    assert len(tune.score.notes) == before + tune.drawn_notes
    if prompt is not None or asked.pitches is not None:
        assert len(tune.score.tempos.us_per_beat) == 1
        assert len(tune.score.meters) == 1


@pytest.mark.parametrize("seed", range(40))
def test_a_position_opens_only_where_a_note_may_begin_and_no_wish_leaves_only_a_change_of_tempo_or_meter(seed):
    tokenizer = NotesTokenizer("beats", 12)
    table, random = tokenizer.table, np.random.default_rng([seed, 3])
    asked = wishes(random)
    cursor = tokenizer.cursor(asked)
    cursor.begin()
    tempi = meters = positions = 0
    while not cursor.finished and positions < 120:
        allowed = np.flatnonzero(cursor.allowed())
        kinds = {table.event(token)[0] for token in allowed.tolist()}
        if tempi:
            assert not kinds <= {TEMPO, METER}
            assert asked.pitches is None or not kinds & {TEMPO, METER}
        wanted = str(random.choice(sorted(kinds)))
        cursor.push(int(random.choice([token for token in allowed.tolist() if table.event(token)[0] == wanted])))
        tempi, meters, positions = tempi + (wanted == TEMPO), meters + (wanted == METER), positions + (wanted == POSITION)
    assert tempi
