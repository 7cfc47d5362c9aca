"""Which tokenizers there are for scores, and how one is chosen and fitted."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen import choices
from lstmgen.errors import ModelFileError, UsageError
from lstmgen.media import registry
from lstmgen.media.text import tokenizers as text_tokenizers
from lstmgen.media.tunes import tokenizers as score_tokenizers
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.music.constraints import FREE
from lstmgen.music.score import Meter, Notes, Score

JUNK = st.one_of(st.none(), st.booleans(), st.integers(-3, 2**70), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2))


def waltz(tracks=2):
    start = np.arange(24) * 240
    parts = [Notes.of(start, start + 240, 72 - 12 * track + np.arange(24) % 5, track=track) for track in range(tracks)]
    return Score.of(Notes.joined(parts), meters=[Meter(0, 3, 4)])


@pytest.fixture(scope="module")
def built():
    scores = [waltz()] * 3
    chords = score_tokenizers.build("grid", scores, grid_form="chords")
    return {name: score_tokenizers.build(name, scores) for name in score_tokenizers.NAMES} | {"chords": chords}


def test_tokenizers_of_text_stand_before_those_of_scores_and_the_defaults_first():
    assert score_tokenizers.NAMES == ("notes", "performance", "grid")
    assert choices.tokenizer_names() == text_tokenizers.NAMES + score_tokenizers.NAMES


def test_every_tokenizer_has_its_medium(built):
    assert {registry.medium_of(tokenizer).name for tokenizer in built.values()} == {"tunes"}
    assert registry.medium_of("byte").name == "text"
    with pytest.raises(UsageError, match="no tokenizer"):
        registry.medium_of("abacus")


@pytest.mark.parametrize("name", score_tokenizers.NAMES)
def test_text_has_no_use_for_a_tokenizer_of_scores(name):
    with pytest.raises(UsageError, match="needs MIDI") as caught:
        text_tokenizers.build(name, lambda: ["text"])
    assert caught.value.remedy == "--tokenizer char"


@pytest.mark.parametrize("name", text_tokenizers.NAMES)
def test_scores_have_no_use_for_a_tokenizer_of_text(name):
    with pytest.raises(UsageError, match="needs text") as caught:
        score_tokenizers.build(name, [waltz()])
    assert caught.value.remedy == "--tokenizer notes"


def test_an_unknown_name_is_refused():
    with pytest.raises(UsageError, match=r"no tokenizer 'morse'.*performance"):
        score_tokenizers.build("morse", [waltz()])


@pytest.mark.parametrize(
    ("name", "options", "flag"),
    [
        ("notes", {"voices": 4}, "--voices"),
        ("notes", {"grid_form": "chords"}, "--grid-form"),
        ("performance", {"steps_per_beat": 4}, "--steps-per-beat"),
        ("performance", {"time_base": "seconds"}, "--time-base"),
        ("performance", {"hold": False}, "--hold"),
        ("notes", {"time_base": "seconds", "steps_per_beat": 12}, "--steps-per-beat"),
        ("grid", {"time_base": "beats"}, "--time-base"),
        ("grid", {"grid_form": "chords", "voices": 4}, "--voices"),
    ],
)
def test_an_option_that_does_not_apply_is_refused(name, options, flag):
    with pytest.raises(UsageError, match=f"{flag} does not apply"):
        score_tokenizers.build(name, [waltz()], **options)


def test_the_grid_is_fitted_to_the_scores_where_nothing_is_said():
    assert score_tokenizers.build("grid", [waltz(3)]) == GridTokenizer(2, "voices", 3, cycle_beats=3)
    assert score_tokenizers.build("grid", [waltz()], grid_form="chords", hold=False) == GridTokenizer(
        2, "chords", hold=False, cycle_beats=3, grammar=True
    )
    assert score_tokenizers.build("grid", [waltz()], steps_per_beat=12, voices=1) == GridTokenizer(12, voices=1, cycle_beats=3)
    assert score_tokenizers.build("grid", []) == GridTokenizer()


def test_notes_are_in_what_is_asked_for_and_else_in_what_fits_the_scores():
    start = np.sort(np.random.default_rng(0).integers(0, 100_000, 300))
    played, written = Score.of(Notes.of(start, start + 111, 60)), waltz()
    bases = {
        "played": score_tokenizers.build("notes", [played]),
        "written": score_tokenizers.build("notes", [written]),
        "in seconds": score_tokenizers.build("notes", [written], time_base="seconds"),
        "in beats": score_tokenizers.build("notes", [played], time_base="beats"),
        "fine": score_tokenizers.build("notes", [played], steps_per_beat=24),
    }
    assert {name: tokenizer.to_json()["time_base"] for name, tokenizer in bases.items()} == {
        "played": "seconds",
        "written": "beats",
        "in seconds": "seconds",
        "in beats": "beats",
        "fine": "beats",
    }
    assert bases["fine"].to_json()["steps_per_beat"] == 24
    assert bases["written"].to_json()["steps_per_beat"] == 12


@pytest.mark.parametrize("options", [{"steps_per_beat": 0}, {"voices": 99}, {"grid_form": "fugue"}])
def test_values_out_of_range_are_refused(options):
    with pytest.raises(UsageError):
        score_tokenizers.build("grid", [waltz()], **options)


def test_the_json_of_each_gives_it_back_and_tells_it_from_the_others(built):
    for tokenizer in built.values():
        assert registry.tokenizer_from_json(json.loads(json.dumps(tokenizer.to_json()))) == tokenizer
    assert len({registry.fingerprint(tokenizer) for tokenizer in built.values()}) == len(built)


def test_every_id_of_each_has_a_name_and_the_boundary_is_one(built):
    for tokenizer in built.values():
        pieces = [tokenizer.piece(token) for token in range(tokenizer.vocab_size)]
        assert len(set(pieces)) == tokenizer.vocab_size
        assert pieces[0] == "<boundary>"


def test_each_gives_a_tune_back_whose_cursor_takes_its_ids(built):
    for tokenizer in built.values():
        ids = tokenizer.encode(waltz())
        cursor = tokenizer.cursor(FREE, like=waltz())
        for token in ids.tolist():
            cursor.push(token)
        assert cursor.allowed()[0]
        assert np.array_equal(tokenizer.encode(tokenizer.decode(ids)), ids)
        assert sorted(tokenizer.decode(ids).notes.pitch) == sorted(waltz().notes.pitch)


@settings(max_examples=80)
@given(data=st.data())
def test_changed_json_gives_a_tokenizer_or_one_kind_of_error(built, data):
    values = copy.deepcopy(built[data.draw(st.sampled_from(sorted(built)))].to_json())
    key = data.draw(st.sampled_from(sorted(values)))
    change = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if change == "replace":
        values[key] = data.draw(JUNK)
    elif change == "remove":
        del values[key]
    else:
        values[data.draw(st.text(max_size=3))] = data.draw(JUNK)
    try:
        again = registry.tokenizer_from_json(values)
    except ModelFileError:
        return
    assert registry.tokenizer_from_json(json.loads(json.dumps(again.to_json()))) == again
    assert np.array_equal(again.encode(again.decode(again.encode(waltz()))), again.encode(waltz()))
