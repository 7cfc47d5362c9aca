"""Bytes to normalised text: the same text, however the bytes are cut."""

import hashlib
import json
import random
from pathlib import Path

import numpy as np
import pytest

from lstmgen import limits
from lstmgen.media.text.decoding import SCAN, BadByteError, CharacterCounter, Normaliser, Scan, decoded, position_of, scan
from lstmgen.media.text.division import Division
from lstmgen.schema import SchemaError

POLICIES = ["replace", "ignore", "surrogateescape"]


def normalise(data: bytes, *, sizes: int, errors: str = "strict", keep_newlines: bool = False) -> tuple[str, Normaliser]:
    normaliser = Normaliser(errors=errors, keep_newlines=keep_newlines)
    pieces = [normaliser.feed(data[begin : begin + sizes]) for begin in range(0, len(data), sizes)]
    return "".join(pieces) + normaliser.feed(b"", final=True), normaliser


@pytest.mark.parametrize("sizes", [1, 2, 3, 5, 1000])
def test_any_cut_of_the_bytes_gives_the_same_text_and_counts(sizes):
    data = "\ufeffa\r\nb\rc\r\r\n\n\u00e9\u20ac\U0001f600\ufeffz\r".encode()
    text, normaliser = normalise(data, sizes=sizes)
    assert text == "a\nb\nc\n\n\n\u00e9\u20ac\U0001f600\ufeffz\n"
    assert (normaliser.had_mark, normaliser.crlf, normaliser.lone_cr) == (True, 2, 3)


@pytest.mark.parametrize("sizes", [1, 3, 1000])
def test_line_ends_can_be_kept(sizes):
    text, normaliser = normalise(b"a\r\nb\rc\n", sizes=sizes, keep_newlines=True)
    assert text == "a\r\nb\rc\n"
    assert (normaliser.crlf, normaliser.lone_cr) == (0, 0)


@pytest.mark.parametrize("sizes", [1, 2, 7, 1000])
def test_the_first_bad_byte_is_found_wherever_the_bytes_are_cut(sizes):
    with pytest.raises(BadByteError) as caught:
        normalise("h\u20acllo \u00e9".encode() + b"\xe9 and \xff", sizes=sizes)
    assert (caught.value.offset, caught.value.value) == (10, 0xE9)


def test_a_character_that_the_file_ends_within_is_a_bad_byte():
    with pytest.raises(BadByteError) as caught:
        normalise(b"ab\xe2\x82", sizes=1000)
    assert (caught.value.offset, caught.value.value) == (2, 0xE2)


@pytest.mark.parametrize("sizes", [1, 2, 1000])
@pytest.mark.parametrize(
    ("errors", "expected"), [("replace", "a\ufffdb\ufffd\ufffd"), ("ignore", "ab"), ("surrogateescape", "a\udcffb\udce2\udc82")]
)
def test_every_policy_treats_each_bad_byte_and_counts_it(sizes, errors, expected):
    text, normaliser = normalise(b"a\xffb\xe2\x82", sizes=sizes, errors=errors)
    assert text == expected
    assert (normaliser.bad_bytes, normaliser.first_bad_offset) == (3, 1)


@pytest.mark.parametrize("errors", POLICIES)
def test_good_text_is_the_same_under_every_policy(errors):
    data = "\ufeffgr\u00fc\u00df dich \U0001f600\r\n".encode()
    text, normaliser = normalise(data, sizes=4, errors=errors)
    assert text == "gr\u00fc\u00df dich \U0001f600\n"
    assert normaliser.bad_bytes == 0


def test_escaped_bytes_can_be_turned_back_into_the_file():
    data = random.Random(5).randbytes(3000)
    text, normaliser = normalise(data, sizes=100, errors="surrogateescape", keep_newlines=True)
    assert text.encode("utf-8", "surrogateescape") == data
    assert normaliser.bad_bytes == sum("\udc80" <= character <= "\udcff" for character in text) > 0


def test_the_counter_agrees_with_counting_one_by_one(monkeypatch):
    monkeypatch.setattr("lstmgen.media.text.decoding._COUNT_SLICE", 7)
    text = "abba \u00e9\u00e9\u20ac\U0001f600\x00\n" * 5 + "\udcff"
    counter, other = CharacterCounter(), CharacterCounter()
    counter.add(text[:30])
    counter.add("plain")
    other.add(text[30:])
    counter.merge(other)
    whole = text + "plain"
    assert counter.to_dict() == {character: whole.count(character) for character in sorted(set(whole))}
    assert list(counter.to_dict()) == sorted(set(whole))
    assert counter.chars == len(whole)
    assert counter.bytes == len(whole.encode("utf-8", "surrogateescape"))


def test_a_counter_that_saw_nothing_counts_nothing():
    counter = CharacterCounter()
    counter.add("")
    assert (counter.chars, counter.bytes, counter.to_dict()) == (0, 0, {})
    assert counter.counts.dtype == np.int64


def test_a_scan_hashes_the_raw_bytes_and_says_what_it_changed(tmp_path):
    data = "\ufeff".encode() + b"one\r\ntwo\r\n\xe9\rend"
    (tmp_path / "a").write_bytes(data)
    found = scan(tmp_path / "a", errors="replace", keep_newlines=False)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.notes == (
        "byte order mark removed",
        "2 CRLF line ends turned into LF",
        "1 CR line end turned into LF",
        "1 byte outside UTF-8 replaced by U+FFFD (first at offset 13, line 3, column 1)",
    )


@pytest.mark.parametrize(("errors", "words"), [("ignore", "left out"), ("surrogateescape", "kept as lone surrogates")])
def test_the_note_about_bad_bytes_says_what_became_of_them(tmp_path, errors, words):
    (tmp_path / "a").write_bytes(b"a\n\xff\xfeb")
    assert scan(tmp_path / "a", errors=errors, keep_newlines=False).notes == (
        f"2 bytes outside UTF-8 {words} (first at offset 2, line 2, column 1)",
    )


def test_a_scan_of_plain_text_has_nothing_to_say_and_reports_every_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 4)
    (tmp_path / "a").write_bytes(b"0123456789")
    sizes: list[int] = []
    assert scan(tmp_path / "a", errors="strict", keep_newlines=False, progress=sizes.append).notes == ()
    assert sizes == [4, 4, 2]


def test_the_chunks_of_a_file_are_bounded_and_make_up_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 10)
    text = "\u20ac\U0001f600 x\n" * 20
    (tmp_path / "a").write_bytes(text.encode())
    pieces = list(decoded(tmp_path / "a", Normaliser(errors="strict", keep_newlines=False)))
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 10


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (b"", (1, 1)),
        (b"abc", (1, 4)),
        (b"a\nb", (2, 2)),
        (b"a\r\nb\r\n", (3, 1)),
        (b"a\rb\r\rc", (4, 2)),
        (b"a\r", (2, 1)),
        ("\ufeffa\u20ac\U0001f600".encode(), (1, 4)),
        ("\u00e9\n\u20ac\u20ac".encode(), (2, 3)),
    ],
)
def test_a_position_counts_lines_of_every_kind_and_whole_characters(tmp_path: Path, monkeypatch, chunk_bytes, before, expected):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", chunk_bytes)
    (tmp_path / "a").write_bytes(before + b"\xff and more\n")
    assert position_of(tmp_path / "a", len(before)) == expected


@pytest.mark.parametrize("division", [Division(), Division("line")])
def test_a_scan_comes_back_from_json(division, tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes("\ufeffé\r\n\r\n日本 \U0001f600\n".encode())
    found = scan(path, errors="strict", keep_newlines=False, division=division)
    values = json.loads(json.dumps(found.to_json()))
    SCAN(values, "a scan")
    again = Scan.from_json(values)
    assert (again.documents, again.sha256, again.notes) == (found.documents, found.sha256, found.notes)
    assert again.counter.to_dict() == found.counter.to_dict()
    assert again.learned.to_dict() == found.learned.to_dict()
    assert (again.counter.bytes, again.counter.chars) == (found.counter.bytes, found.counter.chars)


@pytest.mark.parametrize("counter", [[[1, 2], [3]], [[0x110000], [1]], [[-1], [1]], [[1]], [[1], [-1]], []])
def test_counts_that_no_counter_gives_are_refused(counter):
    with pytest.raises(SchemaError):
        SCAN({"counter": counter, "documents": 1, "sha256": "", "notes": []}, "a scan")
