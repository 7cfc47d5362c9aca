"""Files as programs write them: each is read as its case says, `lstmgen info` shows it, and what is written of it is read back alike."""

import json

import pytest
from cases import CASES
from midi_bytes import rows

from lstmgen.cli import run
from lstmgen.music.midi.chunks import is_midi
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.midi.writer import to_midi_bytes
from lstmgen.music.tidy import with_pedal

of_each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@of_each_case
def test_it_is_read_as_it_was_meant(case):
    reading = read_midi(case.content)
    assert rows(reading.score) == list(case.rows)
    assert tuple(finding.reason for finding in reading.findings) == case.reasons
    if "names" in case.more:
        assert [track.name for track in reading.score.tracks] == case.more["names"]


@of_each_case
def test_it_is_known_by_its_first_bytes(case):
    assert is_midi(case.content[:8192])


@of_each_case
def test_info_shows_it(case, tmp_path, capsys):
    path = tmp_path / "tune.mid"
    path.write_bytes(case.content)
    assert run(["info", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["kind"], facts["notes"]) == ("music", len(case.rows))
    assert [finding.rsplit(": ", 1)[-1] for finding in facts["findings"]] == list(case.reasons)
    for key, value in case.more.items():
        if key == "names":
            assert [track["name"] for track in facts["tracks"]] == value
        else:
            assert facts[key] == value, key
    drums = any(row[3] == "drums" for row in case.rows)
    assert drums == any(track["instrument"] == "drums" for track in facts["tracks"])


@of_each_case
def test_what_is_written_of_it_is_read_back_alike(case):
    score = read_midi(case.content).score
    content = to_midi_bytes(score)
    again = read_midi(content)
    assert rows(again.score) == rows(score)
    assert {finding.reason for finding in again.findings} <= {"a tempo beyond reason"}
    assert to_midi_bytes(again.score) == content
    assert b"\xef\xbf\xbd" not in content


def test_a_pedal_in_another_track_holds_the_notes_of_all_tracks_on_its_channel():
    score = read_midi(CASES["the pedal in another track"].content).score
    assert rows(with_pedal(score, "extend")) == [(0.0, 2.0, 60, 0), (0.0, 2.0, 62, 0)]
