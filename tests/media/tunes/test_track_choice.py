"""Learning from some of the tracks: by name, number or instrument; what is left out is said, and what is not there is refused."""

import json

import pytest

import lstmgen
from lstmgen.config import DataConfig
from lstmgen.corpus.locate import locate
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.base import Access, Found
from lstmgen.media.tunes.collection import Collection, Piece
from lstmgen.media.tunes.medium import MEDIUM
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.tunes.track_choice import TrackChoice, named_by, with_tracks
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.score import Notes, Score, Track


def band(*, names=("Melody", "Piano, left hand", "MELODY / BRIDGE", "Kit"), shift=0):
    """A melody, two piano tracks and drums; the drums go on longest."""
    notes = Notes.of([0, 0, 480, 480, 960, 1440], [480, 960, 960, 960, 1440, 1920], [72 + shift, 48, 50, 76, 60, 38],
                     track=[0, 1, 1, 0, 2, 3], program=[73, 0, 0, 73, 0, 0], drum=[False] * 5 + [True])  # fmt: skip
    return Score.of(notes, tracks=tuple(map(Track, names)))


def chosen(text, score, *, drums=True):
    """The tracks of the notes that settings choose, counted from 1."""
    notes = TrackChoice.of(DataConfig(tracks=text, drums=drums)).notes(score)
    return sorted(set((notes.track + 1).tolist()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, [1, 2, 3, 4]),
        ("all", [1, 2, 3, 4]),
        ("melody", [1]),  # that is its whole name
        ("bridge", [3]),
        ("piano", [2]),  # a word of a name goes before an instrument
        ("Piano, left hand;melody", [1, 2]),
        ("2,4", [2, 4]),
        ("flute", [1]),
        ("drums", [4]),
        (" MELODY , drums", [1, 4]),
        ("lute of dreams", []),
        ("hand", [2]),
        ("han", []),
        ("9", []),
    ],
)
def test_tracks_are_chosen_by_name_number_or_instrument(text, expected):
    assert chosen(text, band()) == expected


def test_no_drums_leaves_drums_out_whatever_is_named():
    assert chosen(None, band(), drums=False) == [1, 2, 3]
    assert chosen("melody,drums", band(), drums=False) == [1]
    with pytest.raises(UsageError, match="no track is named"):
        TrackChoice.of(DataConfig(tracks=" , "))


def test_a_tune_ends_with_the_last_of_the_notes_that_are_left_and_its_tracks_keep_their_numbers():
    left = TrackChoice(("melody",)).score(band())
    assert (left.length_ticks, len(left.tracks), set(left.notes.track.tolist())) == (960, 4, {0})
    whole = band()
    assert TrackChoice().score(whole) is whole


@pytest.fixture
def folder(tmp_path):
    tunes = tmp_path / "tunes"
    tunes.mkdir()
    for number in range(12):
        (tunes / f"{number:02}.mid").write_bytes(to_midi_bytes(band(shift=number % 7, names=("Melody", "Chords", "Bass", f"Kit {number}"))))
    alone = Score.of(Notes.of([0, 480], [120, 600], [38, 40], drum=True))
    (tunes / "drums.mid").write_bytes(to_midi_bytes(alone))
    return tunes


def gathered(folder, **settings):
    data = DataConfig(**settings)
    return MEDIUM.gather(
        Found(sources=tuple(locate([str(folder)], kept=None, cache=None)), val=None), data, Access(folder=folder, cache=folder)
    )


def test_what_is_left_out_is_counted_and_a_tune_without_any_of_it_is_skipped(folder):
    material = gathered(folder, tracks="melody,bass", val_frac=0.25)
    assert material.count == 12
    assert {len(score.notes) for _, score in material.items()} == {3}
    said = "\n".join(material.notes)
    assert "left out: 38 of 74 notes, tracks Chords 12, Kit" in said
    assert "skipped: 1 x none of its tracks is chosen" in said
    assert {row["file"].rpartition("/")[2]: row["reasons"] for row in material.files() if not row["read"]} == {
        "drums.mid": ["none of its tracks is chosen"]
    }
    assert gathered(folder, drums=False).count == 12
    assert gathered(folder).sha256 != gathered(folder, drums=False).sha256


def test_a_wrong_name_lists_those_that_are_there(folder):
    with pytest.raises(UsageError) as caught:
        gathered(folder, tracks="melody,cords")
    assert "'cords'" in caught.value.message
    assert "Melody (12), Chords (12), Bass (12)" in caught.value.message
    assert caught.value.remedy == "--tracks chords"
    with pytest.raises(UsageError, match="no tune has a track 7"):
        gathered(folder, tracks="7")
    with pytest.raises(CorpusError, match="nothing is left to learn from"):
        gathered(folder / "drums.mid", drums=False)


def test_names_that_would_steer_a_terminal_are_escaped_where_they_are_listed():
    found = band(names=("\x1b[31mred", "a", "b", "c"))
    assert named_by("\x1b[31mred", found).any()
    with pytest.raises(UsageError) as caught:
        with_tracks(Collection(pieces=(Piece(name="a", sha256="", score=found),)), TrackChoice(("x",)))
    assert "\x1b" not in caught.value.message


def test_a_prompt_is_read_as_the_model_learned_and_whole_where_that_names_nothing_in_it():
    melody = MEDIUM.parse_prompt(NotesTokenizer("beats", 12, tracks=2), band(), {}, DataConfig(tracks="melody"))
    assert set(melody.item.notes.track.tolist()) == {0}
    assert any("without Drums" in note or "Kit" in note for note in melody.notes)
    for data in (DataConfig(tracks="viola da gamba"), DataConfig(tracks="2,9")):
        assert MEDIUM.parse_prompt(NotesTokenizer("beats", 12, tracks=2), band(), {}, data).item.notes.same_as(band().notes)


def test_a_run_keeps_the_choice_when_it_is_resumed_and_its_plan_agrees(folder, tmp_path):
    small = {"data.tracks": "melody", "model.hidden_size": 4, "model.num_layers": 1, "model.embedding_size": 4, "training.max_steps": 4}
    call = {"settings": small | {"training.batch_size": 2, "training.seq_length": 16}, "cache": tmp_path / "cache"}
    plan = lstmgen.train([str(folder)], **call).plan()
    assert plan.documents == 12
    list(lstmgen.train([str(folder)], out=tmp_path / "run", pause_after=2, **call))
    again = lstmgen.train(resume=tmp_path / "run", cache=tmp_path / "cache")
    list(again)
    assert 'tracks = "melody"' in (tmp_path / "run/config.toml").read_text()
    sources = map(json.loads, (tmp_path / "run/sources.jsonl").read_text().splitlines())
    assert sum(source["read"] for source in sources) == plan.documents
    assert any("left out: 50 of 74 notes" in note for note in plan.notes)
