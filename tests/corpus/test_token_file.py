"""Token ids on disk: whole, checked, refused where they are not."""

import errno
import hashlib
import json
import os
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstmgen import storage
from lstmgen.corpus import token_file
from lstmgen.corpus.token_file import TokenFile, sealed, smallest_dtype
from lstmgen.corpus.token_writer import Encoding, Stretch, write_token_file
from lstmgen.errors import CorpusError

SHA = "c" * 64
ENCODING = Encoding(name="toy", vocab_size=258, sha256="d" * 64)


def of(letters: str, **measures: float) -> Stretch:
    """The code points plus one as ids."""
    return Stretch(np.array([ord(letter) + 1 for letter in letters], np.int64), measures, work=10 * len(letters))


# The file


def test_stretches_stand_one_after_the_other_each_document_behind_its_boundary(tmp_path):
    seen: list[int] = []
    documents = [[of("ab"), of(""), of("c")], [], iter([of("d")])]
    write_token_file(tmp_path / "t", documents, ENCODING, corpus_sha256=SHA, part="train", progress=seen.append)
    tokens = TokenFile.open(tmp_path / "t")
    assert tokens.ids[:].tolist() == [0, 98, 99, 100, 0, 0, 101]
    assert tokens.starts.tolist() == [0, 4, 5]
    assert seen == [20, 0, 10, 10]


def test_the_measures_of_all_stretches_are_added_up_each_under_its_unit(tmp_path):
    documents = [[of("a", apples=2, seconds=0.1), of("b", seconds=0.2)], [of("c", apples=3, pears=1)]]
    write_token_file(tmp_path / "t", documents, ENCODING, corpus_sha256=SHA, part="train")
    measures = TokenFile.open(tmp_path / "t").measures
    assert measures == {"apples": 5, "seconds": 0.3, "pears": 1}
    assert type(measures["apples"]) is int


def test_the_header_says_what_the_ids_are_made_of(tmp_path):
    write_token_file(tmp_path / "t", [[of("abc", chars=3)], [of("d", chars=1)]], ENCODING, corpus_sha256=SHA, part="val")
    header = dict(TokenFile.open(tmp_path / "t", tokenizer_sha256=ENCODING.sha256).header)
    del header["ids_sha256"], header["starts_sha256"], header["sha256"]
    assert header == {
        "dtype": "uint16",
        "count": 6,
        "documents": 2,
        "measures": {"chars": 4},
        "vocab_size": 258,
        "part": "val",
        "tokenizer": "toy",
        "tokenizer_sha256": ENCODING.sha256,
        "corpus_sha256": SHA,
    }


def test_the_bytes_of_the_format_are_pinned(tmp_path):
    """If this fails the format has changed: raise VERSION and describe the change in docs/formats.md."""
    write_token_file(tmp_path / "t", [[of("\u0100")], [of("c")]], ENCODING, corpus_sha256=SHA, part="train")
    data = (tmp_path / "t").read_bytes()
    magic, version, length = struct.unpack_from("<8sII", data)
    assert (magic, version) == (b"\x93LSTMTOK", 3)
    assert json.loads(data[16 : 16 + length])["count"] == 4
    assert set(data[16 + length : 4096]) == {0}
    assert data[4096:] == struct.pack("<4H", 0, 257, 0, 100) + struct.pack("<2Q", 0, 2)


def test_the_starts_lie_at_a_multiple_of_eight(tmp_path):
    write_token_file(tmp_path / "t", [[of("xyz")], [of("v")]], replace(ENCODING, vocab_size=256), corpus_sha256=SHA, part="train")
    data = (tmp_path / "t").read_bytes()
    assert data[4096:] == bytes([0, 121, 122, 123, 0, 119, 0, 0]) + struct.pack("<2Q", 0, 4)


@pytest.mark.parametrize(
    ("vocab_size", "dtype"), [(2, "uint8"), (256, "uint8"), (257, "uint16"), (65_536, "uint16"), (65_537, "uint32"), (2**20, "uint32")]
)
def test_ids_take_the_smallest_type_that_holds_them(tmp_path, vocab_size, dtype):
    assert smallest_dtype(vocab_size).name == dtype
    encoding = replace(ENCODING, vocab_size=vocab_size)
    write_token_file(tmp_path / "t", [[of(chr(vocab_size - 2))]], encoding, corpus_sha256=SHA, part="train")
    tokens = TokenFile.open(tmp_path / "t")
    assert (tokens.ids.dtype, tokens.ids[:].tolist()) == (dtype, [0, vocab_size - 1])


@pytest.mark.parametrize("wrong", [0, 258, -1])
def test_an_id_that_is_none_of_the_encodings_is_caught(tmp_path, wrong):
    with pytest.raises(ValueError, match="outside 1"):
        write_token_file(tmp_path / "t", [[Stretch(np.array([5, wrong]), {}, 1)]], ENCODING, corpus_sha256=SHA, part="train")
    assert list(tmp_path.iterdir()) == []


def test_without_a_document_there_is_no_file(tmp_path):
    with pytest.raises(CorpusError, match="no document"):
        write_token_file(tmp_path / "t", [], ENCODING, corpus_sha256=SHA, part="train")
    assert list(tmp_path.iterdir()) == []


def test_a_build_that_is_killed_leaves_no_file_under_the_final_name(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; import numpy\n"
        "from lstmgen.corpus.token_writer import Encoding, Stretch, write_token_file\n"
        "def stretches():\n    yield Stretch(numpy.full(300_000, 1), {}, 1)\n    os._exit(9)\n"
        "encoding = Encoding(name='toy', vocab_size=2, sha256='')\n"
        "write_token_file(Path(sys.argv[1]), [stretches()], encoding, corpus_sha256='', part='train')"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "t"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (9, b"")
    assert not (tmp_path / "t").exists()
    assert len(storage.remove_leftovers(tmp_path)) == 1


# Refusals


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.tokens"
    write_token_file(path, [[of("some "), of("text")], [of("more")]], ENCODING, corpus_sha256=SHA, part="train")
    return path


def test_a_file_of_another_tokenizer_is_refused_and_both_hashes_are_named(good):
    with pytest.raises(CorpusError) as caught:
        TokenFile.open(good, tokenizer_sha256="f" * 64)
    assert "f" * 64 in caught.value.message
    assert ENCODING.sha256 in caught.value.message


def test_every_truncation_and_every_excess_is_refused(good):
    data = good.read_bytes()
    for size in (0, 1, 7, 8, 100, 4095, 4096, 4097, len(data) - 8, len(data) - 1):
        good.write_bytes(data[:size])
        with pytest.raises(CorpusError):
            TokenFile.open(good)
    good.write_bytes(data + b"\x00")
    with pytest.raises(CorpusError, match="damaged"):
        TokenFile.open(good)


def test_a_changed_byte_is_found_by_opening_or_by_verifying(good):
    data = good.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    for position in (*range(16), *range(4096, len(data))):
        damaged = bytearray(data)
        damaged[position] ^= 0x10
        good.write_bytes(damaged)
        in_padding = position >= 4096 + 2 * 15 and position < len(data) - 16
        if in_padding:
            continue
        with pytest.raises(CorpusError):
            TokenFile.open(good).verify()
    good.write_bytes(data)
    TokenFile.open(good).verify()
    assert length < 1000


def with_header(data: bytes, **changes: object) -> bytes:
    (length,) = struct.unpack_from("<I", data, 12)
    header = {key: value for key, value in (json.loads(data[16 : 16 + length]) | changes).items() if value is not None}
    header = header if "sha256" in changes else sealed({key: value for key, value in header.items() if key != "sha256"})
    text = json.dumps(header).encode()
    return data[:12] + struct.pack("<I", len(text)) + text.ljust(4080, b"\x00") + data[4096:]


@pytest.mark.parametrize(
    "changes",
    [
        {"dtype": "float64"},
        {"dtype": "O"},
        {"count": 2**62},
        {"count": -1},
        {"count": True},
        {"count": "15"},
        {"documents": 0},
        {"documents": 2**61},
        {"measures": {"chars": -1}},
        {"measures": None},
        {"ids_sha256": None},
        {"vocab_size": 2**40},
        {"measures": {"chars": 10**400}},
        {"measures": {"chars": []}},
        {"more": 1},
        {"sha256": "0" * 64},
    ],
)
def test_a_header_that_makes_no_sense_is_refused_before_anything_is_read(good, monkeypatch, changes):
    good.write_bytes(with_header(good.read_bytes(), **changes))
    monkeypatch.setattr(token_file, "_read_at", None)
    with pytest.raises(CorpusError, match="damaged"):
        TokenFile.open(good)


def test_amounts_that_were_changed_are_noticed(good):
    """Twice the characters would halve the bits a character and change nothing else."""
    data = good.read_bytes()
    good.write_bytes(data.replace(b'"documents":2', b'"documents":1', 1))
    with pytest.raises(CorpusError, match="checksum"):
        TokenFile.open(good)


def with_starts(data: bytes, starts: list[int]) -> bytes:
    content = struct.pack(f"<{len(starts)}Q", *starts)
    return with_header(data, starts_sha256=hashlib.sha256(content).hexdigest())[: -len(content)] + content


@pytest.mark.parametrize("starts", [[1, 10], [0, 0], [0, 15], [0, 2**63]])
def test_documents_that_do_not_begin_one_behind_the_other_are_refused(good, starts):
    good.write_bytes(with_starts(good.read_bytes(), starts))
    with pytest.raises(CorpusError, match="begin one behind the other"):
        TokenFile.open(good)


def test_ids_beyond_the_vocabulary_are_refused_whenever_they_are_read(good):
    good.write_bytes(with_header(good.read_bytes(), vocab_size=100))
    tokens = TokenFile.open(good)
    for read in (tokens.verify, lambda: tokens.ids[:], lambda: tokens.ids[np.arange(15)]):
        with pytest.raises(CorpusError, match="has changed"):
            read()


# While it is in use


@pytest.fixture
def long(tmp_path: Path) -> Path:
    path = tmp_path / "long.tokens"
    ids = np.random.default_rng(5).integers(1, 258, 20_000)
    write_token_file(path, [[Stretch(ids, {}, 1)]], ENCODING, corpus_sha256=SHA, part="train")
    return path


def test_ids_are_taken_like_those_of_an_array(long):
    tokens = TokenFile.open(long)
    whole, chance = tokens.ids[:], np.random.default_rng(1)
    assert (len(whole), len(tokens.ids)) == (20_001, 20_001)
    for places in (
        slice(5, 9),
        slice(None, None, 7),
        slice(-3, None),
        slice(9, 5),
        np.arange(40)[:, None] + np.array([0, 900, 15_000]),
        np.array([], np.int64),
        np.array([[7]]),
        np.array([20_000, 0, 0, 7]),
        chance.integers(0, 20_001, (3, 5, 7)),
        chance.permutation(20_001),
    ):
        assert np.array_equal(tokens.ids[places], whole[places])
        assert tokens.ids[places].dtype == whole.dtype


def test_a_file_that_becomes_shorter_is_an_error_and_not_the_end_of_the_process(long):
    tokens = TokenFile.open(long)
    os.truncate(long, 4096 + 100)
    assert len(tokens.ids[:50]) == 50
    for read in (tokens.verify, lambda: tokens.ids[40:60], lambda: tokens.ids[np.array([3, 19_000])]):
        with pytest.raises(CorpusError, match="became shorter"):
            read()


def test_a_new_file_of_that_name_changes_nothing(long):
    tokens = TokenFile.open(long)
    before = tokens.ids[:]
    write_token_file(long, [[of("new")]], ENCODING, corpus_sha256=SHA, part="train")
    assert np.array_equal(tokens.ids[:], before)


def test_a_file_that_is_not_used_any_more_is_closed(long):
    held = len(list(Path("/dev/fd").iterdir()))
    for _ in range(5):
        TokenFile.open(long)
    assert len(list(Path("/dev/fd").iterdir())) == held


@pytest.mark.parametrize("text", [b"[]", b"[" * 4000, b"\xff", b"", b"1e999"])
def test_a_header_that_is_not_an_object_is_refused(good, text):
    data = good.read_bytes()
    good.write_bytes(data[:12] + struct.pack("<I", len(text)) + text.ljust(4080, b"\x00") + data[4096:])
    with pytest.raises(CorpusError, match="damaged"):
        TokenFile.open(good)


def test_other_versions_other_files_and_missing_ones_are_told_apart(good, tmp_path):
    data = good.read_bytes()
    good.write_bytes(data[:8] + struct.pack("<I", 4) + data[12:])
    with pytest.raises(CorpusError, match="version 4, expected 3"):
        TokenFile.open(good)
    good.write_bytes(b"just text")
    with pytest.raises(CorpusError, match="not a token file"):
        TokenFile.open(good)
    with pytest.raises(CorpusError, match="cannot be opened: no such file"):
        TokenFile.open(tmp_path / "missing")
    with pytest.raises(CorpusError, match="cannot be opened"):
        TokenFile.open(tmp_path)


def test_a_disk_that_fails_while_ids_are_read_is_named(long, monkeypatch):
    tokens = TokenFile.open(long)

    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pread", refuse)
    with pytest.raises(CorpusError, match="cannot be read: input/output error"):
        tokens.ids[:5]


def test_a_system_that_cannot_read_at_a_place_goes_there_first(long, monkeypatch):
    tokens = TokenFile.open(long)
    expected = tokens.ids[10:50]
    monkeypatch.delattr(os, "pread")
    assert np.array_equal(tokens.ids[10:50], expected)
