"""Tunes as a medium: everything that a prompt may be, and what the options mean."""

import numpy as np
import pytest

from lstmgen.config import DataConfig
from lstmgen.errors import InputError, LstmgenError, UsageError
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.options import constraints_of
from lstmgen.music.bars import Bars
from lstmgen.music.constraints import Constraints
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Meter, Notes, Pedal, Score

TUNE = Score.of(Notes.of([0, 480, 960], [480, 960, 1920], [60, 64, 67]))
TOKENIZER = NotesTokenizer("beats", 12)


def same(one, other):
    return one.notes.same_as(other.notes) and one.length_ticks == other.length_ticks


def test_a_tune_is_given_as_itself_as_bytes_by_its_path_or_typed(tmp_path):
    path = tmp_path / "a.mid"
    path.write_bytes(to_midi_bytes(TUNE))
    (tmp_path / "strange").write_bytes(to_midi_bytes(TUNE))
    assert MEDIUM.parse(TUNE) is TUNE
    for given in (to_midi_bytes(TUNE), path, str(path), tmp_path / "strange", str(tmp_path / "strange")):
        assert same(MEDIUM.parse(given), TUNE)
    assert MEDIUM.parse("C4 E4 G4:2").notes.pitch.tolist() == [60, 64, 67]


@pytest.mark.parametrize(
    ("tokenizer", "usual"),
    [
        (NotesTokenizer("beats", 12), {"temperature": 0.9, "min_p": 0.02}),
        (NotesTokenizer("beats", 12, grammar=True), {"temperature": 1.0, "min_p": 0.02}),
        (
            NotesTokenizer("beats", 12, grammar=True, repeats=True, variants=True, seats=True, returns=True),
            {"temperature": 0.9, "min_p": 0.02},
        ),
        (NotesTokenizer("seconds"), {"temperature": 1.0}),
    ],
)
def test_models_that_learned_with_a_grammar_are_drawn_as_sharp_as_they_are(tokenizer, usual):
    assert MEDIUM.usual(tokenizer) == usual


@pytest.mark.parametrize("bad", ["missing.mid", "H9 X", "broken.mid", b"no", "no-such-name", "a/b/c", "C4 \0"], ids=repr)
def test_what_is_no_tune_is_refused_with_a_remedy_that_shows_both_ways(tmp_path, monkeypatch, bad):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.mid").write_text("<html>")
    with pytest.raises(LstmgenError) as caught:
        MEDIUM.parse(bad)
    assert isinstance(caught.value, (UsageError, InputError))
    assert caught.value.remedy
    if isinstance(bad, str):
        assert "C4 E4 G4:2" in caught.value.remedy
        assert "MIDI file" in caught.value.remedy


def test_a_path_that_is_missing_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        MEDIUM.parse(tmp_path / "missing.mid")


def test_typed_notes_are_played_by_the_first_instrument_that_may_be_drawn():
    options = {"instruments": "violin, bass"}
    programs = constraints_of(options).programs
    assert len(programs) > 1
    typed = MEDIUM.parse_prompt(TOKENIZER, "C4 E4", options, DataConfig())
    assert set(typed.item.notes.program.tolist()) == {min(programs)}
    assert MEDIUM.parse_prompt(TOKENIZER, TUNE, options, DataConfig()).item is TUNE
    assert set(MEDIUM.parse_prompt(TOKENIZER, "C4 E4", {}, DataConfig()).item.notes.program.tolist()) == {0}


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_prompt_is_no_score(nothing):
    prompt = MEDIUM.parse_prompt(TOKENIZER, nothing, {}, DataConfig())
    assert (prompt.item, prompt.ids.tolist(), prompt.shown) == (None, [], "")


def test_a_model_reads_a_prompt_as_it_has_learned_tunes_and_the_prompt_stays():
    held = Score.of(TUNE.notes, pedals=[Pedal(0, 0, down=True), Pedal(1900, 0, down=False)])
    extended, dropped = (MEDIUM.parse_prompt(TOKENIZER, held, {}, DataConfig(pedal=pedal)) for pedal in ("extend", "drop"))
    assert extended.ids.tolist() != dropped.ids.tolist()
    assert extended.item is dropped.item is held


@pytest.mark.parametrize(("said", "bars"), [(False, 1), (True, 3), (None, 3)])
def test_bars_of_silence_behind_a_tune_are_none_of_it_where_its_model_leaves_them_out(said, bars):
    score, data = Score.of(TUNE.notes, length_ticks=3 * 1920), DataConfig(silent_ends=said)
    assert Bars(MEDIUM.tidy(score, data)).count == bars
    assert Bars(MEDIUM.parse_prompt(TOKENIZER, score, {}, data).item).count == bars
    rest = MEDIUM.parse_prompt(TOKENIZER, "C4 r:8", {}, data)
    assert Bars(rest.item).count == 3  # a rest that is typed is meant
    assert rest.ids.tolist().count(TOKENIZER.table.first("bar")) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "H minor"}, "'H' is not the name of a note"),
        ({"pitch_range": "C6-C3"}, "C6-C3"),
        ({"scale": "C major", "pitch_range": "61-61"}, "no pitch"),
        ({"instruments": "lute of dreams"}, "lute of dreams"),
        ({"max_note_length": "long"}, "max-note-length"),
        ({"max_note_length": "-1s"}, "max-note-length"),
        ({"seconds": 0}, "--seconds"),
        ({"bpm": -5}, "--bpm"),
        ({"stop": "a"}, "no option stop"),
    ],
    ids=str,
)
def test_options_that_cannot_be_meant_are_refused_before_a_model_is_there(options, message):
    with pytest.raises(UsageError, match=message) as caught:
        MEDIUM.check_options(options)
    assert caught.value.remedy


def test_options_add_to_constraints_and_stand_above_them():
    base = Constraints(max_polyphony=2, bars=3, drums=False)
    assert constraints_of({"constraints": base}) == base
    assert constraints_of({"constraints": base, "bars": 5}) == Constraints(max_polyphony=2, bars=5, drums=False)
    assert constraints_of({"max_note_length": "1.5s"}) == Constraints(max_note_s=1.5)
    assert constraints_of({"max_note_length": 2}) == Constraints(max_note_beats=2.0)
    c_major = constraints_of({"scale": "C major", "pitch_range": "60-72"}).pitches
    assert np.array(sorted(c_major)).tolist() == [60, 62, 64, 65, 67, 69, 71, 72]


@pytest.mark.parametrize("ending", [".mid", ".MIDI", ".png", ".svg", ".wav"])
def test_a_tune_is_saved_as_its_ending_says(tmp_path, ending):
    path = tmp_path / f"x{ending}"
    MEDIUM.save(TUNE, path, title="a tune")
    heads = {".mid": b"MThd", ".MIDI": b"MThd", ".png": b"\x89PNG", ".svg": b"<", ".wav": b"RIFF"}
    assert path.read_bytes().startswith(heads[ending])


@pytest.mark.parametrize("name", ["x.jpg", "x", "x.mid.zip"])
def test_another_ending_is_refused_and_nothing_is_written(tmp_path, name):
    with pytest.raises(UsageError) as caught:
        MEDIUM.save(TUNE, tmp_path / name)
    assert ".png" in f"{caught.value.message} {caught.value.remedy}"
    assert list(tmp_path.iterdir()) == []


def test_an_upbeat_in_a_short_bar_of_its_own_is_read_as_the_end_of_a_whole_bar():
    notes = Notes.of([0, 480, 2400], [480, 2400, 4320], [62, 67, 66], velocity=66)
    short = Score.of(notes, meters=[Meter(0, 1, 4), Meter(480, 4, 4)], length_ticks=4320)
    prompt = MEDIUM.parse_prompt(TOKENIZER, short, {"bars": 2}, DataConfig())
    assert prompt.item.meters == (Meter(0, 4, 4),)
    assert same(TOKENIZER.decode(prompt.ids), prompt.item)
    whole = MEDIUM.tidy(short, DataConfig())
    assert same(whole, prompt.item)
    assert MEDIUM.extent(TOKENIZER, short).amount == MEDIUM.extent(TOKENIZER, whole).amount == 2
