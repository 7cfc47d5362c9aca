"""The bundled tunes: made by their script, and music by rules that can be checked."""

import importlib
import io
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path

import mido
import numpy as np
import pytest

from lstmgen.corpus import catalog
from lstmgen.music.bars import Bars
from lstmgen.music.midi.reader import read_midi

FOLDER = Path(__file__).resolve().parents[3] / "corpora" / "lanterns"
FILES = sorted(FOLDER.glob("*.mid"))
SCORES = {path.stem: read_midi(path.read_bytes()).score for path in FILES}


@pytest.fixture(scope="module")
def room():
    """The modules of the script, by name."""
    names = [path.stem for path in FOLDER.glob("*.py")]
    before, writes = list(sys.path), sys.dont_write_bytecode
    sys.path.insert(0, str(FOLDER))
    sys.dont_write_bytecode = True
    try:
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path[:], sys.dont_write_bytecode = before, writes
        for name in names:
            del sys.modules[name]


@pytest.fixture(scope="module")
def plans(room):
    return [room["notation"].laid_out(tune) for tune in room["make"].TUNES]


def test_the_script_gives_the_files_byte_for_byte(tmp_path):
    done = subprocess.run([sys.executable, "-B", FOLDER / "make.py", tmp_path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in FILES}
    assert [path.name for path in FILES if (tmp_path / path.name).read_bytes() != path.read_bytes()] == []


def test_there_are_many_tunes_and_they_are_small():
    assert len(FILES) >= 60
    assert sum(path.stat().st_size for path in FILES) < 170_000
    for name, score in SCORES.items():
        assert 8 <= Bars(score).count <= 48, name
        assert 15 <= score.duration_s <= 120, name


def test_every_file_is_read_without_a_finding_and_says_what_it_is():
    for path in FILES:
        reading = read_midi(path.read_bytes())
        assert reading.findings == (), path.name
        score = reading.score
        assert len(score.meters) == len(score.keys) == 1
        assert 60 <= 60e6 / int(score.tempos.us_per_beat[0]) <= 160
        assert all(track.name for track in score.tracks)
        names = [track.name for track in score.tracks]
        assert len(set(names)) == len(names)


def test_every_part_has_a_program_before_its_first_note_and_drums_are_on_the_tenth_channel():
    for path in FILES:
        file = mido.MidiFile(file=io.BytesIO(path.read_bytes()))
        assert file.type == 1
        for track in file.tracks[1:]:
            kinds = [message.type for message in track if not message.is_meta]
            assert kinds[0] == "program_change", path.name
            drums = track.name in {"Drums", "Jazz drums", "Brushes"}
            channels = {message.channel for message in track if not message.is_meta}
            assert channels == {9} if drums else 9 not in channels, path.name


def test_notes_begin_and_end_on_twelfths_of_a_beat():
    for name, score in SCORES.items():
        assert not (score.notes.start_ticks % 40).any(), name
        assert not (score.notes.end_ticks % 40).any(), name


def test_there_is_variety_to_learn_style_from():
    with_drums = [name for name, score in SCORES.items() if score.notes.drum.any()]
    assert len(with_drums) >= 12
    meters = [f"{score.meters[0].numerator}/{score.meters[0].denominator}" for score in SCORES.values()]
    assert all(meters.count(meter) >= 5 for meter in ("2/4", "3/4", "4/4", "6/8"))
    assert len({(key.sharps, key.minor) for score in SCORES.values() for key in score.keys}) >= 12
    assert sum(score.keys[0].minor for score in SCORES.values()) >= 12
    assert len({int(program) for score in SCORES.values() for program in score.notes.program}) >= 30
    tempos = [round(60e6 / int(score.tempos.us_per_beat[0])) for score in SCORES.values()]
    assert min(tempos) <= 76
    assert max(tempos) >= 152


def test_loudness_breathes():
    for name, score in SCORES.items():
        melody = score.notes.velocity[(score.notes.track == 0) & ~score.notes.drum].astype(int)
        assert len(set(melody.tolist())) >= 8, name
        assert np.ptp(melody) >= 12, name
        assert score.notes.velocity.min() >= 12, name
        assert score.notes.velocity.max() <= 120, name


def test_no_melody_is_there_twice(plans):
    """By its first twelve intervals and lengths."""
    openings = {}
    for plan in plans:
        steps = tuple((b.pitch - a.pitch, b.start - a.start) for a, b in pairwise(plan.melody[:13]))
        openings.setdefault(steps, []).append(plan.tune.file)
    assert len(openings) == len(plans) >= 60


def test_melodies_agree_with_their_chords(plans):
    """Of the notes that are long or begin a bar nearly all belong to the chord; the others are suspensions and passing notes."""
    shares = []
    for plan in plans:
        found = [
            (tone, plan.chord_at(tone.start)) for tone in plan.melody if tone.end - tone.start >= 480 or tone.start % plan.bar_ticks == 0
        ]
        inside = [tone.pitch % 12 in chord.tones for tone, chord in found if chord is not None]
        shares.append(sum(inside) / len(inside))
        assert shares[-1] >= 0.78, plan.tune.file
    assert sum(shares) / len(shares) >= 0.94


def test_every_tune_ends_at_home(plans):
    """On the chord of its tonic, with the tonic as the lowest note of that chord."""
    for plan in plans:
        last = plan.chords[-1]
        assert last.tones[0] == last.bass == plan.key.tonic, plan.tune.file
        assert plan.melody[-1].pitch % 12 in last.tones, plan.tune.file
        notes = SCORES[plan.tune.file].notes
        closing = notes.take(~notes.drum & (notes.start_ticks >= last.start))
        assert int(closing.pitch.min()) % 12 == plan.key.tonic, plan.tune.file


def test_melodies_leap_by_more_than_an_octave_only_between_phrases(plans):
    for plan in plans:
        leaps = [other.pitch - one.pitch for one, other in pairwise(plan.melody) if abs(other.pitch - one.pitch) > 12]
        assert len(leaps) <= 2, plan.tune.file
        assert all(abs(leap) <= 16 for leap in leaps), plan.tune.file


def test_nobody_plays_what_the_instrument_does_not_have(plans):
    for plan in plans:
        for part in (part for layer in plan.tune.band for part in layer.play(plan)):
            assert all(part.instrument.low <= tone.pitch <= part.instrument.high for tone in part.tones)
            by_pitch = {}
            for tone in part.tones:
                assert by_pitch.get(tone.pitch, 0) <= tone.start < tone.end, (plan.tune.file, part.instrument.name)
                by_pitch[tone.pitch] = tone.end


def _chorales(room, plans):
    for plan in plans:
        for layer in plan.tune.band:
            if isinstance(layer, room["voices"].Choir):
                yield plan, [part.tones for part in layer.play(plan)]


def _together(voices):
    """Pitches of all voices at every moment at which one of them begins a note."""
    for tick in sorted({tone.start for voice in voices for tone in voice}):
        yield [next((tone.pitch for tone in voice if tone.start <= tick < tone.end), None) for voice in voices]


def test_four_voices_neither_cross_nor_run_in_parallel_fifths_or_octaves(room, plans):
    pieces = list(_chorales(room, plans))
    assert len(pieces) >= 8
    for plan, voices in pieces:
        for here in _together(voices):
            sounding = [pitch for pitch in here if pitch is not None]
            assert sounding == sorted(sounding, reverse=True), plan.tune.file
        for here, there in pairwise(_together(voices)):
            for upper, lower in combinations(range(4), 2):
                pitches = (here[upper], here[lower], there[upper], there[lower])
                if None not in pitches and here[upper] != there[upper] and here[lower] != there[lower]:
                    same = (here[upper] - here[lower]) % 12 == (there[upper] - there[lower]) % 12
                    assert not (same and (here[upper] - here[lower]) % 12 in {0, 7}), plan.tune.file


def test_the_card_lists_every_tune_with_its_origin(room):
    card = (FOLDER / "SOURCE.md").read_text(encoding="utf-8")
    for tune in room["make"].TUNES:
        assert f"| `{tune.file}.mid` | {tune.title} | {tune.origin} | {tune.to or tune.key} | {tune.meter} | {tune.tempo} |" in card
    notes = sum(len(score.notes) for score in SCORES.values())
    minutes = sum(score.duration_s for score in SCORES.values()) / 60
    own = sum(tune.origin.startswith("own") for tune in room["make"].TUNES)
    drums = sum(bool(score.notes.drum.any()) for score in SCORES.values())
    assert f"{len(FILES)} files, {notes:,} notes, {minutes:.0f} minutes" in card
    assert f"{own} of the tunes are our own" in card
    assert f"in {drums} of them drums play" in card


def test_the_catalogue_has_them_as_music(tmp_path):
    entry = catalog.find("lanterns")
    assert (entry.kind, entry.content, entry.licence) == ("bundled", "music", "MIT")
    assert entry.size_bytes == sum(path.stat().st_size for path in FILES)
    assert catalog.path_of("lanterns", None) == tuple(FILES)
    assert catalog.documents_of("lanterns", None)[0][0] == f"lanterns/{FILES[0].name}"
    assert catalog.get("lanterns", tmp_path) == FOLDER


class TestNotation:
    """What is typed means what `notation.py` says."""

    @pytest.fixture
    def lay(self, room):
        def make(melody, chords, *, form="A", **more):
            values = {"file": "t", "title": "T", "origin": "own", "key": "G", "meter": "3/4", "tempo": 90, "band": ()}
            sections = {"A": (melody, chords)} | more.pop("sections", {})
            return room["notation"].laid_out(room["notation"].Tune(**(values | more), form=form, sections=sections))

        return make

    def test_letters_lengths_signs_ties_and_the_signature(self, lay):
        plan = lay("D4 f8 F=16 r e#8 C,~ | C,4. g'8 B2b".replace("B2b", "Bb4"), "G | C/E:2 Am7")
        tones = [(tone.start, tone.end, tone.pitch) for tone in plan.melody]
        assert tones == [
            (0, 480, 62),
            (480, 720, 78),
            (720, 840, 65),
            (960, 1200, 77),
            (1200, 1440 + 720, 48),
            (2160, 2400, 91),
            (2400, 2880, 70),
        ]
        assert [(chord.start, chord.end, chord.tones, chord.bass) for chord in plan.chords] == [
            (0, 1440, (7, 11, 2), 7),
            (1440, 2400, (0, 4, 7), 4),
            (2400, 2880, (9, 0, 4, 7), 9),
        ]

    def test_an_upbeat_takes_the_end_of_the_bar_before(self, lay):
        plan = lay("D4 | G2. | G2", "G | %", form="AA")
        assert [tone.start for tone in plan.melody] == [960, 1440, 2880, 3840, 4320, 5760]
        assert [bar.start for bar in plan.bars] == [0, 1440, 2880, 4320, 5760]

    def test_a_tune_sounds_in_the_key_that_is_asked_for(self, lay):
        plan = lay("G2. | B", "G | D7", to="F")
        assert [tone.pitch for tone in plan.melody] == [65, 69]
        assert [chord.bass for chord in plan.chords] == [5, 0]
        assert plan.key.sharps == -1

    @pytest.mark.parametrize(
        ("melody", "chords", "form", "message"),
        [
            ("G2. | G2. G4 | G2.", "G | G | G", "A", "bars of"),
            ("G2. | G2 | G2.", "G | G | G", "A", "bars of"),
            ("G2. | H2.", "G | G", "A", "not a note"),
            ("G2.~ | A2.", "G | G", "A", "a tie leads"),
            ("G2. | A2.", "G", "A", "1 bars of chords"),
            ("G2. | A2.", "G | G:2 D:2", "A", "do not fill"),
            ("G2. | A2.", "G | Gx?", "A", "are not chords"),
            ("D4 | G2. | G2.", "G | G", "AA", "upbeat does not fit"),
        ],
    )
    def test_what_does_not_add_up_is_refused(self, lay, melody, chords, form, message):
        with pytest.raises(ValueError, match=message):
            lay(melody, chords, form=form)


def test_swing_takes_two_thirds_of_a_beat_for_its_first_half(room):
    swung = room["make"]._swung
    assert [swung(tick) for tick in (0, 120, 240, 360, 480, 720)] == [0, 160, 320, 400, 480, 800]
