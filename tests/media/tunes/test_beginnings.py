"""No tune keeps one waiting, none is silent, and no key is forgotten."""

import numpy as np
import pytest

from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.music.constraints import FREE, Constraints

LAZY = 0.97
"""How often what lets time pass, or the end, is taken where it may be."""


def walk(tokenizer, constraints, seed, *, most=400):
    """Ids that the cursor allows, of someone who would rather not begin."""
    random, cursor, ids = np.random.default_rng(seed), tokenizer.cursor(constraints), []
    cursor.begin()
    idle = [BOUNDARY_ID, *(token for kind in tokenizer.notation.waits for token in range(tokenizer.vocab_size)[tokenizer.table.span(kind)])]
    while not cursor.finished and len(ids) < most:
        allowed = np.flatnonzero(cursor.allowed())
        wanted = np.intersect1d(allowed, idle)
        token = int(random.choice(wanted if len(wanted) and random.random() < LAZY else allowed))
        if token == BOUNDARY_ID:
            break
        cursor.push(token)
        ids.append(token)
    return tokenizer.decode(ids)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    "constraints", [FREE, Constraints(bars=3), Constraints(seconds=4.0), Constraints(pitches=frozenset({61}), seconds=1.0)]
)
def test_the_first_note_comes_within_a_second_or_a_bar(tune_case, constraints, seed):
    score = walk(tune_case.tokenizer, constraints, seed)
    assert len(score.notes)
    first = int(score.notes.start_ticks.min())
    # What was said last before patience ended may last a second, or a bar.
    if tune_case.tokenizer.notation.base.unit == "seconds":
        assert score.seconds_at(first) <= 2
    else:
        assert first <= 2 * 8 * score.ticks_per_beat


def test_a_key_is_let_go_after_five_seconds_unless_a_wish_says_otherwise():
    tokenizer = PerformanceTokenizer()
    for constraints, expected in [(FREE, 500), (Constraints(max_note_s=8.0), 800), (Constraints(max_note_s=0.2), 20)]:
        cursor = tokenizer.cursor(constraints)
        cursor.begin()
        for kind, value in (("velocity", 20), ("on", 60)):
            cursor.push(tokenizer.table.first(kind) + value)
        steps = 0
        while (shifts := np.flatnonzero(cursor.allowed()[tokenizer.table.span("shift")])).size:
            cursor.push(tokenizer.table.first("shift") + int(shifts[-1]))
            steps += int(shifts[-1]) + 1
        assert steps == expected
