"""Parts of pieces."""

import numpy as np
import pytest

from lstmgen.music.excerpt import excerpt
from lstmgen.music.score import Key, Meter, Notes, Score


def piece():
    pitched = Notes.of([0, 300, 900, 1900], [200, 1200, 1000, 2500], [60, 62, 64, 65])
    drums = Notes.of([480, 960], [970, 990], [36, 38], drum=True)
    return Score.of(
        Notes.joined([pitched, drums]),
        tempos=[(0, 400_000), (600, 600_000), (1000, 700_000), (2200, 800_000)],
        meters=[Meter(0, 3, 4), Meter(1440, 4, 4)],
        keys=[Key(0, 2), Key(1600, -3, True)],
    )


def test_an_excerpt_holds_what_sounds_in_it_cut_at_its_ends():
    found = excerpt(piece(), 960, 1920).notes
    assert list(zip(found.start_ticks, found.end_ticks, found.pitch, strict=True)) == [
        (0, 30, 38),
        (0, 240, 62),
        (0, 40, 64),
        (940, 960, 65),
    ]


def test_an_excerpt_keeps_tempo_meter_and_key_and_lasts_as_long_as_its_place_in_the_piece():
    whole, part = piece(), excerpt(piece(), 960, 1920)
    assert part.length_ticks == 960
    assert part.duration_s == pytest.approx(float(np.diff(whole.seconds_at([960, 1920]))[0]))
    assert list(zip(part.tempos.ticks, part.tempos.us_per_beat, strict=True)) == [(0, 600_000), (40, 700_000)]
    assert part.meters == (Meter(0, 3, 4), Meter(480, 4, 4))
    assert part.keys == (Key(0, 2), Key(640, -3, True))


def test_the_excerpt_of_the_whole_is_the_whole():
    whole = piece()
    assert excerpt(whole, 0, whole.length_ticks).notes.same_as(whole.notes)


@pytest.mark.parametrize(("start", "stop"), [(5, 5), (9, 3), (-1, 4)])
def test_an_excerpt_ends_after_it_starts(start, stop):
    with pytest.raises(ValueError, match="does not end"):
        excerpt(piece(), start, stop)
