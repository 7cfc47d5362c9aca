"""Samples call their tracks what the corpus calls them."""

import numpy as np
import pytest

from lstmgen.errors import ModelFileError
from lstmgen.media.registry import tokenizer_from_json as from_json
from lstmgen.media.tunes.medium import TuneMedium
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.slot_names import usual_names
from lstmgen.media.tunes.tokenizers import build
from lstmgen.music.score import Notes, Score, Track

NAMED = NotesTokenizer("beats", 12, tracks=2, names=((0, ("Melody", "Left hand")), (32, ("", "Bass 2")), (128, ("Kit",))))


def score(*names, programs=None, drum_last=False):
    """A note on each track."""
    count = len(names)
    programs = [0] * count if programs is None else programs
    drums = np.arange(count) == (count - 1 if drum_last else -1)
    notes = Notes.of(
        np.arange(count) * 480, np.arange(count) * 480 + 240, np.full(count, 60), program=programs, track=np.arange(count), drum=drums
    )
    return Score.of(notes, tracks=tuple(map(Track, names)))


def test_a_slot_is_called_what_most_of_its_tracks_are():
    corpus = [score("Melody", "Chords"), score("Melody", "Left hand"), score("Melody", "Chords"), score("Air", "")]
    assert usual_names(corpus, 2) == ((0, ("Melody", "Chords")),)
    assert usual_names(corpus, 1) == ()  # three of eight
    assert usual_names([score("", "Bass"), score("", "Bass", programs=[0, 32])], 2) == ((0, ("", "Bass")), (32, ("Bass",)))
    assert usual_names([score("Flute", "Kit", programs=[73, 0], drum_last=True)], 4) == ((73, ("Flute",)), (128, ("Kit",)))


def test_names_that_are_titles_or_empty_are_not_learned():
    assert usual_names([score(title, "") for title in ("Sally", "Molly", "Polly")], 2) == ()
    assert usual_names([], 2) == ()


def test_names_are_printable_and_short():
    ((_, (name,)),) = usual_names([score("Me\x1blo\tdy " + "y" * 60)], 1)
    assert name == ("Me\\x1blo dy " + "y" * 60)[:40]
    assert from_json(build("notes", [score("a" * 39 + " b")]).to_json()).names == ((0, ("a" * 39,)),)


def test_decoded_tracks_are_called_so_and_those_of_a_prompt_keep_their_names():
    tune = score("x", "y", "z", "drums", programs=[0, 0, 32, 0], drum_last=True)
    ids = NAMED.encode(tune)
    assert [track.name for track in NAMED.decode(ids).tracks] == ["Melody", "Left hand", "", "Kit"]
    assert [track.name for track in NAMED.decode(ids, like=score("x", "y")).tracks] == ["x", "y", "", "Kit"]
    assert {track.name for track in NotesTokenizer("beats", 12, tracks=2).decode(ids).tracks} == {""}


def test_they_are_part_of_the_tokenizer_and_change_no_id():
    tune = score("Melody", "Chords")
    tokenizer = build("notes", [tune])
    assert tokenizer.to_json()["names"] == {"0": ["Melody", "Chords"]}
    assert from_json(tokenizer.to_json()) == tokenizer
    assert TuneMedium().describe(tokenizer)["named_tracks"] == 2
    assert "names" not in build("notes", [score("", "")]).to_json()
    assert from_json(NAMED.to_json()) == NAMED
    without = {name: value for name, value in tokenizer.to_json().items() if name != "names"}
    assert from_json(without).encode(tune).tolist() == tokenizer.encode(tune).tolist()


@pytest.mark.parametrize(
    "names",
    [[], {"129": ["x"]}, {"-1": ["x"]}, {"0": []}, {"0": ["x"] * 17}, {"0": [1]}, {"0": ["x" * 41]}, {"0": ["a\x1b"]}, {"00": ["x"]}, None],
)
def test_names_that_no_run_wrote_are_refused(names):
    with pytest.raises(ModelFileError):
        from_json(NAMED.to_json() | {"names": names})
