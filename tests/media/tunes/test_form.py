"""Form by request: sections with the same letter are the same bars, but for those that are to vary."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from lstmgen.config import DataConfig
from lstmgen.errors import UsageError
from lstmgen.media.tunes.events import BOUNDARY_KIND
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.events import DURATION, PITCH, VELOCITY
from lstmgen.media.tunes.notes.measures import BAR, POSITION
from lstmgen.media.tunes.notes.repeats import REPEAT
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.options import (
    CLOSING,
    CLOSING_WITHOUT_TAILS,
    PITCH_MIXED,
    PITCH_TEMPERATURE,
    PITCH_WITH_RETURNS,
    RHYTHM_TEMPERATURE,
    RHYTHM_TOGETHER,
    constraints_of,
)
from lstmgen.media.tunes.performance.tokenizer import PerformanceTokenizer
from lstmgen.music.bars import Bars
from lstmgen.music.form import Form, form_of
from lstmgen.music.score import Key, Notes, Score

GUIDED, REPEATS = (NotesTokenizer("beats", 12, repeats=True, guides=guides) for guides in (True, False))
COMMON = replace(GUIDED, common_key=True)
DATA = DataConfig(sources=("x",))


def walk(tokenizer, options, seed, prompt=None):
    """A tune that a cursor allows, with short notes, behind a prompt."""
    asked = MEDIUM.parse_prompt(tokenizer, prompt, options, DATA)
    writer = MEDIUM.plan(tokenizer, asked, options | {"instruments": "piano"}, length=None, echo=True, data=DataConfig()).writer()
    random, table = np.random.default_rng(seed), tokenizer.table
    for _ in range(4000):
        if writer.ended is not None:
            break
        allowed = np.flatnonzero(writer.allowed())
        kinds = np.array([table.event(token)[0] for token in allowed.tolist()])
        of_kind = allowed[kinds == random.choice(np.unique(kinds))]
        token = int(random.choice(of_kind[:6] if table.event(int(of_kind[0]))[0] in {DURATION, POSITION, PITCH, VELOCITY} else of_kind))
        if token == 0:
            break
        writer.push(token)
    return writer.outcome().item


def bars_of(score):
    """The notes of every bar: beginning, pitch and length; an upbeat is left out."""
    bars, notes = Bars(score), score.notes
    lines = bars.ticks(np.arange(bars.count + 1))
    found = []
    for begin, end in zip(lines[:-1].tolist(), lines[1:].tolist(), strict=True):
        own = notes.take((notes.start_ticks >= begin) & (notes.start_ticks < end))
        found.append(
            [*zip((own.start_ticks - begin).tolist(), own.pitch.tolist(), (own.end_ticks - own.start_ticks).tolist(), strict=True)]
        )
    return found


def test_a_bar_comes_back_from_the_first_section_with_its_letter_that_a_repeat_reaches():
    form = Form("AABA", 4)
    assert [form.source(bar) for bar in range(17)] == [*[None] * 4, 0, 1, 2, 3, *[None] * 4, 0, 1, 2, 3, None]
    assert Form("ABCDEFGHA", 8).source(64) == 0
    assert Form("ABCAEFGHIJA", 8).source(81) == 25
    assert [Form("AA", 8, 0.2).varies(bar) for bar in range(8, 16)] == [False] * 6 + [True] * 2
    assert not any(Form("AA", 4, 0.1).varies(bar) for bar in range(4, 8))


def test_a_letter_has_eight_bars_or_its_share_of_those_that_are_asked_for():
    assert form_of("aaba", bars=None, variation=0) == Form("AABA", 8)
    assert constraints_of({"form": "AABB", "bars": 16}).form == Form("AABB", 4)
    assert constraints_of({"form": "AABB"}).bars == 32


@pytest.mark.parametrize(
    ("options", "said", "remedy"),
    [
        ({"form": "A1"}, "letters", "AABA"),
        ({"form": ""}, "letters", "AABA"),
        ({"form": "AAB", "bars": 16}, "multiple", "--bars 15"),
        ({"form": "ABCDEFGHIA"}, "64 bars", "--bars 40"),
        ({"variation": 0.5}, "--form", "--form AABA"),
    ],
)
def test_a_form_that_cannot_be_kept_is_refused(options, said, remedy):
    with pytest.raises(UsageError, match=said) as caught:
        MEDIUM.check_options(options)
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("tokenizer", [GUIDED, REPEATS, COMMON], ids=["guides", "repeats", "common key"])
@pytest.mark.parametrize("variation", [0.0, 0.5])
def test_sections_with_the_same_letter_are_the_same_but_for_what_varies(tokenizer, variation):
    kept = varied = 0
    for seed in range(6):
        score = walk(tokenizer, {"form": "ABA", "bars": 12, "variation": variation}, seed)
        bars = bars_of(score)
        assert len(bars) - 12 in {0, int(tokenizer.repeats and tokenizer.guides)}  # an upbeat
        bars = bars[len(bars) - 12 :]
        for place in range(4 - tokenizer.guides):  # the last bar is free to close
            if variation and place >= 2:
                varied += bars[place] != bars[8 + place]
            elif bars[place] == bars[8 + place]:
                kept += 1
            else:  # what still sounded did not let it begin
                assert bars[7 + place]
    assert kept >= 6 * (2 if variation else 4 - tokenizer.guides) - 3
    assert not variation or varied > (3 if tokenizer.guides else 6)


@pytest.mark.parametrize(
    "options", [{"bars": 2}, {"form": "AA", "bars": 4, "variation": 0.5}, {"form": "AAA", "bars": 6, "variation": 1.0}]
)
@pytest.mark.parametrize("tokenizer", [GUIDED, COMMON], ids=["guides", "common key"])
def test_neither_the_last_bar_nor_one_that_varies_notes_is_silent(tokenizer, options):
    form, silent = constraints_of(options).form, 0
    for seed in range(12):
        score = walk(tokenizer, options, seed)
        bars, notes = Bars(score), score.notes
        lines = bars.ticks(np.arange(bars.count + 1))[-1 - options["bars"] :].tolist()
        sounds = [bool(((notes.start_ticks < end) & (notes.end_ticks > begin)).any()) for begin, end in itertools.pairwise(lines)]
        assert sounds[-1]
        silent += sounds.count(False)
        for bar, heard in enumerate(sounds):
            source = None if form is None else form.source(bar)
            struck = source is not None and bool(((notes.start_ticks >= lines[source]) & (notes.start_ticks < lines[source + 1])).any())
            assert heard or not (struck and form.varies(bar))
    assert silent  # there are silent bars elsewhere: it is not that there could be none


@pytest.mark.parametrize(("pitch", "free"), [(62, True), (60, False), (48, False)])
def test_the_last_bar_of_a_form_is_free_to_close_where_what_comes_back_does_not(pitch, free):
    cursor, table = GUIDED.cursor(constraints_of({"form": "AA", "bars": 2})), GUIDED.table
    once = Score.of(Notes.of([0], [480], [pitch], velocity=80), keys=[Key(0, 0, minor=False)], length_ticks=3840)
    cursor.begin()
    *ids, left = GUIDED.encode(once).tolist()
    for token in ids:
        assert not cursor.closing
        cursor.push(token)
    assert cursor.closing
    cursor.push(left)
    kinds = {table.event(token)[0] for token in np.flatnonzero(cursor.allowed()).tolist()}
    assert (POSITION in kinds and REPEAT not in kinds) if free else kinds == {REPEAT}
    assert not kinds & {BAR, BOUNDARY_KIND}


@pytest.mark.parametrize(("options", "share"), [({}, None), ({"closing": 0.9}, 0.9), ({"closing": 1.0}, 1.0)])
def test_how_certain_the_last_bar_is_can_be_asked_for(options, share):
    once = Score.of(Notes.of([0], [480], [60], velocity=80), length_ticks=3840)
    tailed = replace(GUIDED, variants=True, tails=True)
    usual = {tailed: CLOSING, GUIDED: CLOSING_WITHOUT_TAILS, COMMON: CLOSING_WITHOUT_TAILS}
    for tokenizer in (*usual, REPEATS, NotesTokenizer("seconds")):
        asked = options | ({"bars": 2} if tokenizer.time_base == "beats" else {"seconds": 9.0})
        prompt = MEDIUM.parse_prompt(tokenizer, None, asked, DATA)
        writer = MEDIUM.plan(tokenizer, prompt, asked, length=None, echo=True, data=DATA).writer()
        heats = []
        for token in tokenizer.encode(once).tolist():
            heats.append(writer.heat)
            writer.push(token)
        assert set(heats[:-1]) == {1.0}
        if tokenizer in usual:
            assert writer.heat == 1.0 or not tokenizer.repeats  # what comes back in it is chosen as in any bar
            writer.push(tokenizer.table.first(POSITION))
        assert writer.heat == ((share or usual[tokenizer]) if tokenizer in usual else 1.0)


SHARES = {"pitch": PITCH_TEMPERATURE, "position": RHYTHM_TEMPERATURE, "duration": RHYTHM_TEMPERATURE}


@pytest.mark.parametrize(
    ("tokenizer", "options", "shares"),
    [
        (replace(GUIDED, length_first=True), {}, SHARES),
        (replace(GUIDED, length_first=True), {"pitch_temperature": 1.0}, {"position": RHYTHM_TEMPERATURE, "duration": RHYTHM_TEMPERATURE}),
        (replace(GUIDED, length_first=True), {"pitch_temperature": 0.5, "rhythm_temperature": 1.0}, {"pitch": 0.5}),
        (
            replace(GUIDED, length_first=True, lone=1, together=True),
            {},
            {"pitch": PITCH_TEMPERATURE, "position": RHYTHM_TOGETHER, "duration": RHYTHM_TOGETHER},
        ),
        (replace(GUIDED, length_first=True, seats=True), {}, SHARES | {"pitch": PITCH_MIXED}),
        (replace(GUIDED, length_first=True, variants=True, seats=True, returns=True), {}, SHARES | {"pitch": PITCH_WITH_RETURNS}),
        (GUIDED, {}, {}),
        (GUIDED, {"rhythm_temperature": 1.5}, {"position": 1.5, "duration": 1.5}),
        (NotesTokenizer("seconds"), {"rhythm_temperature": 1.5}, {"shift": 1.5, "duration": 1.5}),
        (PerformanceTokenizer(), {"pitch_temperature": 0.5, "rhythm_temperature": 0.0}, {"on": 0.5, "off": 0.5, "shift": 0.0}),
        (GridTokenizer(voices=2), {"pitch_temperature": 0.5}, {"pitch": 0.5}),
    ],
)
def test_pitches_and_rhythm_have_temperatures_of_their_own_that_can_be_asked_for(tokenizer, options, shares):
    prompt = MEDIUM.parse_prompt(tokenizer, None, options, DATA)
    tempered = MEDIUM.plan(tokenizer, prompt, options, length=4, echo=True, data=DATA).writer().tempered
    found = {tokenizer.table.event(token)[0]: each.share for each in tempered for token in each.ids.tolist()}
    assert {kind: share for kind, share in found.items() if not kind.startswith("pitch ")} == shares


def test_a_grid_has_no_rhythm_to_choose():
    tokenizer = GridTokenizer(voices=2)
    prompt = MEDIUM.parse_prompt(tokenizer, None, {}, DATA)
    with pytest.raises(UsageError, match="--rhythm-temperature"):
        MEDIUM.plan(tokenizer, prompt, {"rhythm_temperature": 1.2}, length=4, echo=True, data=DATA)


def test_a_form_is_counted_from_the_end_of_a_prompt():
    prompt = Score.of(Notes.of([0, 1920, 3840], [480, 2400, 4320], [60, 61, 62], velocity=80), length_ticks=5760)
    bars = bars_of(walk(GUIDED, {"form": "AA", "bars": 4}, 3, prompt=prompt))
    assert [bar[0][1] for bar in bars[:3]] == [60, 61, 62]
    assert bars[3] == bars[5]


def test_a_model_without_repeats_cannot_keep_a_form():
    plain = NotesTokenizer("beats", 12)
    with pytest.raises(UsageError, match="--form"):
        MEDIUM.plan(plain, MEDIUM.parse_prompt(plain, None, {}, DATA), {"form": "AABA"}, length=None, echo=True, data=DataConfig())


def test_a_bar_that_comes_back_offers_its_repeat_alone():
    cursor, table = REPEATS.cursor(constraints_of({"form": "AA", "bars": 2})), REPEATS.table
    cursor.begin()
    once = Score.of(Notes.of([0], [480], [60], velocity=80), length_ticks=1920)
    for token in [*REPEATS.encode(once).tolist(), table.first(BAR)]:
        cursor.push(token)
    assert [REPEATS.piece(token) for token in np.flatnonzero(cursor.allowed()).tolist()] == ["repeat 1 back"]


@pytest.mark.parametrize("tokenizer", [GUIDED, COMMON], ids=["guides", "common key"])
def test_a_whole_bar_comes_back_as_the_last_one_only_where_it_ends_on_the_tonic(tokenizer):
    start = 480 * np.arange(12)
    pitch = [60, 64, 67, 60, 60, 64, 67, 71, 62, 65, 69, 62]  # in C: the first bar ends on the tonic, the others do not
    tune = Score.of(Notes.of(start, start + 480, pitch, velocity=80), keys=[Key(0, 0, False)], length_ticks=5760)
    cursor = tokenizer.cursor(constraints_of({"bars": 2}))
    for token in tokenizer.encode_prompt(tune, bars=2).tolist():
        cursor.push(token)
    cursor.begin()
    found = []
    for _ in range(2):
        cursor.push(tokenizer.table.first("bar"))
        cursor.push(int(np.flatnonzero(cursor.allowed())[0]))  # how many are left
        found.append(np.flatnonzero(cursor.allowed()[tokenizer.table.span(REPEAT)]).tolist())
        cursor.push(tokenizer.table.first(REPEAT) + found[-1][-1])
    assert [value + 1 for value in found[0]] == [1, 2, 3]
    assert len(found[1]) == 1
    assert cursor.allowed()[0]
