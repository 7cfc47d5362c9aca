"""Token ids on disk: whole, checked, cached."""

import json
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmgen import limits, storage
from lstmgen.corpus import prepared as prepared_module
from lstmgen.corpus.prepared import prepare
from lstmgen.corpus.token_file import TokenFile, smallest_dtype
from lstmgen.corpus.token_writer import write_token_file
from lstmgen.errors import CorpusError, MachineError, UnseenSymbolError
from lstmgen.media.text.documents import Corpus, gather
from lstmgen.media.tokenizers import fingerprint


class PairTokenizer:
    """Ids of bytes, and one id for every `ab`: cutting between the two would change the ids. Refuses `!`."""

    name = "pair"
    covers_everything = False

    def __init__(self, *, vocab_size: int = 258, blind: bool = False) -> None:
        self.vocab_size = vocab_size
        self.blind = blind
        self.longest = 0

    def encode(self, text: str, *, oov: str = "error") -> np.ndarray[Any, np.dtype[np.int64]]:
        if "!" in text:
            if oov == "error":
                raise UnseenSymbolError("unseen", symbols=("!",))
            text = text.replace("!", "")
        self.longest = max(self.longest, len(text))
        data = text.encode("utf-8", "surrogateescape")
        codes = np.frombuffer(data, np.uint8).astype(np.int64) + 1
        first = np.flatnonzero((codes[:-1] == ord("a") + 1) & (codes[1:] == ord("b") + 1))
        codes[first] = 257
        return np.delete(codes, first + 1)

    def unseen(self, text: str) -> tuple[str, ...]:
        return ("!",) if "!" in text else ()

    def decode(self, ids: Any) -> str:
        data = b"".join(b"" if number == 0 else b"ab" if number == 257 else bytes([int(number) - 1]) for number in ids)
        return data.decode("utf-8", "surrogateescape")

    def decoder(self) -> Any:
        raise NotImplementedError

    def piece(self, token_id: int) -> str:
        return str(token_id)

    def safe_cut(self, text: str) -> int:
        if self.blind:
            return 0
        return len(text) - 1 if text.endswith("a") else len(text)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "version": 1, "vocab_size": self.vocab_size}


SHA = "c" * 64


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    folder = tmp_path / "texts"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, text in {"1": "abcabcaab\u20acab" * 7, "2": "a", "3": "second abba\r\n" * 11}.items():
        (folder / name).write_bytes(text.encode())
    return gather(["1", "2", "3"])


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def documents(tokens: TokenFile, tokenizer: PairTokenizer) -> list[str]:
    ends = [*tokens.starts[1:].tolist(), len(tokens.ids)]
    return [tokenizer.decode(tokens.ids[start + 1 : end]) for start, end in zip(tokens.starts.tolist(), ends, strict=True)]


# The file


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_however_a_document_is_cut_the_ids_are_those_of_the_whole(tmp_path, monkeypatch, size):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 16)
    text = "aab\u20acabababaa\U0001f600bba" * 5
    tokenizer = PairTokenizer()
    pieces = [[text[begin : begin + size] for begin in range(0, len(text), size)], [], ["", "ab", ""]]
    write_token_file(tmp_path / "t", pieces, tokenizer, corpus_sha256=SHA, part="train")
    tokens = TokenFile.open(tmp_path / "t")
    assert tokens.ids.tolist() == [0, *tokenizer.encode(text).tolist(), 0, 0, 257]
    assert tokens.starts.tolist() == [0, len(tokens.ids) - 3, len(tokens.ids) - 2]
    assert (tokens.chars, tokens.bytes) == (len(text) + 2, len(text.encode()) + 2)
    assert not tokens.ids.flags.writeable


def test_the_header_says_what_the_ids_are_made_of(tmp_path):
    tokenizer = PairTokenizer()
    write_token_file(tmp_path / "t", [["abc"], ["d"]], tokenizer, corpus_sha256=SHA, part="val")
    header = dict(TokenFile.open(tmp_path / "t", tokenizer_sha256=fingerprint(tokenizer)).header)
    del header["ids_sha256"], header["starts_sha256"]
    assert header == {
        "dtype": "uint16",
        "count": 5,
        "documents": 2,
        "measures": {"chars": 4, "bytes": 4},
        "vocab_size": 258,
        "part": "val",
        "tokenizer": "pair",
        "tokenizer_sha256": fingerprint(tokenizer),
        "corpus_sha256": SHA,
    }


def test_the_bytes_of_the_format_are_pinned(tmp_path):
    """If this fails the format has changed: raise VERSION and describe the change in docs/formats.md."""
    write_token_file(tmp_path / "t", [["ab"], ["c"]], PairTokenizer(), corpus_sha256=SHA, part="train")
    data = (tmp_path / "t").read_bytes()
    magic, version, length = struct.unpack_from("<8sII", data)
    assert (magic, version) == (b"\x93LSTMTOK", 2)
    assert json.loads(data[16 : 16 + length])["count"] == 4
    assert set(data[16 + length : 4096]) == {0}
    assert data[4096:] == struct.pack("<4H", 0, 257, 0, 100) + struct.pack("<2Q", 0, 2)


def test_the_starts_lie_at_a_multiple_of_eight(tmp_path):
    write_token_file(tmp_path / "t", [["xyz"], ["v"]], PairTokenizer(vocab_size=256), corpus_sha256=SHA, part="train")
    data = (tmp_path / "t").read_bytes()
    assert data[4096:] == bytes([0, 121, 122, 123, 0, 119, 0, 0]) + struct.pack("<2Q", 0, 4)


@pytest.mark.parametrize(
    ("vocab_size", "dtype"), [(2, "uint8"), (256, "uint8"), (257, "uint16"), (65_536, "uint16"), (65_537, "uint32"), (2**20, "uint32")]
)
def test_ids_take_the_smallest_type_that_holds_them(tmp_path, vocab_size, dtype):
    assert smallest_dtype(vocab_size).name == dtype
    if vocab_size >= 256:
        write_token_file(tmp_path / "t", [["xyz"]], PairTokenizer(vocab_size=vocab_size), corpus_sha256=SHA, part="train")
        assert TokenFile.open(tmp_path / "t").ids.dtype == dtype


def test_a_tokenizer_that_breaks_its_promise_about_ids_is_caught(tmp_path):
    with pytest.raises(ValueError, match="outside 1"):
        write_token_file(tmp_path / "t", [["ab"]], PairTokenizer(vocab_size=257), corpus_sha256=SHA, part="train")
    assert list(tmp_path.iterdir()) == []


def test_text_that_has_no_safe_place_is_cut_at_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 16)
    monkeypatch.setattr(limits, "MAX_UNCUT_CHARS", 10)
    tokenizer = PairTokenizer(blind=True)
    text = "x" * 95
    write_token_file(tmp_path / "t", [[text[begin : begin + 3] for begin in range(0, 95, 3)]], tokenizer, corpus_sha256=SHA, part="train")
    assert tokenizer.decode(TokenFile.open(tmp_path / "t").ids) == text
    assert tokenizer.longest <= 12


def test_without_a_document_there_is_no_file(tmp_path):
    with pytest.raises(CorpusError, match="no document"):
        write_token_file(tmp_path / "t", [], PairTokenizer(), corpus_sha256=SHA, part="train")
    assert list(tmp_path.iterdir()) == []


def test_a_build_that_is_killed_leaves_no_file_under_the_final_name(tmp_path):
    code = (
        "import os, sys; from pathlib import Path\n"
        "from lstmgen.media import tokenizers; from lstmgen.corpus.token_writer import write_token_file\n"
        "def chunks():\n    yield 'abc' * 100_000\n    os._exit(9)\n"
        "tokenizer = tokenizers.build('char', lambda: iter(['abc']))\n"
        "write_token_file(Path(sys.argv[1]), [chunks()], tokenizer, corpus_sha256='', part='train')"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "t"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (9, b"")
    assert not (tmp_path / "t").exists()
    assert len(storage.remove_leftovers(tmp_path)) == 1


# Refusals


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.tokens"
    write_token_file(path, [["some text"], ["more"]], PairTokenizer(), corpus_sha256=SHA, part="train")
    return path


def test_a_file_of_another_tokenizer_is_refused_and_both_hashes_are_named(good):
    with pytest.raises(CorpusError) as caught:
        TokenFile.open(good, tokenizer_sha256="f" * 64)
    assert "f" * 64 in caught.value.message
    assert fingerprint(PairTokenizer()) in caught.value.message


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
    header = json.loads(data[16 : 16 + length]) | changes
    text = json.dumps({key: value for key, value in header.items() if value is not None}).encode()
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
    ],
)
def test_a_header_that_makes_no_sense_is_refused_before_anything_is_mapped(good, monkeypatch, changes):
    good.write_bytes(with_header(good.read_bytes(), **changes))
    monkeypatch.setattr(np, "memmap", None)
    with pytest.raises(CorpusError, match="damaged"):
        TokenFile.open(good)


@pytest.mark.parametrize("text", [b"[]", b"[" * 4000, b"\xff", b"", b"1e999"])
def test_a_header_that_is_not_an_object_is_refused(good, text):
    data = good.read_bytes()
    good.write_bytes(data[:12] + struct.pack("<I", len(text)) + text.ljust(4080, b"\x00") + data[4096:])
    with pytest.raises(CorpusError, match="damaged"):
        TokenFile.open(good)


def test_other_versions_other_files_and_missing_ones_are_told_apart(good, tmp_path):
    data = good.read_bytes()
    good.write_bytes(data[:8] + struct.pack("<I", 3) + data[12:])
    with pytest.raises(CorpusError, match="version 3, expected 2"):
        TokenFile.open(good)
    good.write_bytes(b"just text")
    with pytest.raises(CorpusError, match="not a token file"):
        TokenFile.open(good)
    with pytest.raises(CorpusError, match="cannot be opened: no such file"):
        TokenFile.open(tmp_path / "missing")
    with pytest.raises(CorpusError, match="cannot be opened"):
        TokenFile.open(tmp_path)


# prepare


def test_training_and_validation_hold_the_parts_of_every_document_apart(corpus, cache):
    tokenizer = PairTokenizer()
    prepared = prepare(corpus, tokenizer, val_frac=0.1, cache=cache)
    texts = ["".join(corpus.read(document)) for document in corpus.documents]
    cuts = [int(0.9 * len(text)) or len(text) for text in texts]
    assert prepared.val is not None
    assert not prepared.cached
    assert documents(prepared.train, tokenizer) == [text[:cut] for text, cut in zip(texts, cuts, strict=True)]
    assert documents(prepared.val, tokenizer) == [text[cut:] for text, cut in zip(texts, cuts, strict=True) if text[cut:]]
    assert prepared.train.ids[prepared.train.starts].tolist() == [0, 0, 0]
    assert prepared.train.chars + prepared.val.chars == corpus.chars
    assert prepared.train.bytes + prepared.val.bytes == corpus.bytes
    assert (prepared.train.header["part"], prepared.val.header["part"]) == ("train", "val")


def test_a_second_time_the_files_come_from_the_cache_and_are_the_same(corpus, cache, monkeypatch):
    first = prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    before = {path: path.read_bytes() for path in cache.rglob("*.tokens")}
    assert len(before) == 2
    monkeypatch.setattr(prepared_module, "write_token_file", None)
    second = prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    assert second.cached
    assert second.train.ids.tolist() == first.train.ids.tolist()
    assert {path: path.read_bytes() for path in cache.rglob("*.tokens")} == before


def test_another_text_tokenizer_split_or_policy_is_another_entry(corpus, cache):
    options = [
        (corpus, PairTokenizer(), {"val_frac": 0.1}),
        (corpus, PairTokenizer(), {"val_frac": 0.2}),
        (corpus, PairTokenizer(vocab_size=300), {"val_frac": 0.1}),
        (corpus, PairTokenizer(), {"val_frac": 0.1, "oov": "skip"}),
        (corpus, PairTokenizer(), {"val_frac": 0.1, "val": gather(["2"])}),
        (gather(["1"]), PairTokenizer(), {"val_frac": 0.1}),
    ]
    assert not any(prepare(text, tokenizer, cache=cache, **keywords).cached for text, tokenizer, keywords in options)
    assert all(prepare(text, tokenizer, cache=cache, **keywords).cached for text, tokenizer, keywords in options)
    assert len(list((cache / "tokens").iterdir())) == len(options)


def test_with_a_separate_validation_corpus_nothing_is_held_out(corpus, cache):
    other = gather(["3"])
    prepared = prepare(corpus, PairTokenizer(), val_frac=0.5, val=other, cache=cache)
    assert prepared.val is not None
    assert prepared.train.chars == corpus.chars
    assert prepared.val.chars == other.chars
    assert prepared.val.header["corpus_sha256"] == other.sha256


def test_where_nothing_can_be_held_out_there_is_no_validation_file(corpus, cache):
    short = gather(["2"])
    for _ in range(2):
        assert prepare(short, PairTokenizer(), val_frac=0.1, cache=cache).val is None
    assert prepare(corpus, PairTokenizer(), val_frac=0.0, cache=cache).val is None


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "swapped", "foreign"])
def test_a_damaged_entry_of_the_cache_is_built_again_without_a_word(corpus, cache, damage):
    first = prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    path = first.train.path
    good = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        assert first.val is not None
        bad = {
            "truncated": good[:-1],
            "flipped": good[:4100] + b"\x55" + good[4101:],
            "swapped": first.val.path.read_bytes(),
            "foreign": b"x",
        }
        path.write_bytes(bad[damage])
    again = prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    assert not again.cached
    assert path.read_bytes() == good


def test_a_source_that_changes_while_it_is_encoded_leaves_nothing_in_the_cache(corpus, cache):
    Path("3").write_bytes(b"something else altogether\n" * 10)
    with pytest.raises(CorpusError, match="3: the file has changed"):
        prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    assert list(cache.rglob("*.tokens")) == []
    assert list(cache.rglob("*.tmp")) == []


@pytest.mark.usefixtures("corpus")
def test_an_unseen_symbol_follows_the_policy(cache):
    Path("odd").write_bytes(b"what! now!")
    odd = gather(["odd"])
    with pytest.raises(UnseenSymbolError):
        prepare(odd, PairTokenizer(), val_frac=0.0, cache=cache)
    assert list(cache.rglob("*.tokens")) == []
    tokens = prepare(odd, PairTokenizer(), val_frac=0.0, oov="skip", cache=cache).train
    assert documents(tokens, PairTokenizer()) == ["what now"]


def test_a_cache_that_cannot_be_written_gives_way_to_the_fallback(corpus, cache, tmp_path):
    cache.write_bytes(b"a file is in the way")
    with pytest.raises(MachineError, match="cannot create the folder"):
        prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    prepared = prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache, fallback=tmp_path / "run")
    assert prepared.train.path.is_relative_to(tmp_path / "run")
    assert prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache, fallback=tmp_path / "run").cached


def test_a_cache_that_can_only_be_read_still_serves(corpus, cache, monkeypatch):
    prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache)

    def refuse(*_arguments, **_keywords):
        raise AssertionError("nothing may be written")

    monkeypatch.setattr(storage, "atomic_write", refuse)
    monkeypatch.setattr(storage, "make_folder", refuse)
    assert prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache).cached


@pytest.mark.parametrize("with_val", [False, True])
def test_progress_rises_to_the_whole_of_the_text_and_stays_there_when_cached(corpus, cache, with_val):
    calls: list[tuple[int, int]] = []
    val = gather(["3"]) if with_val else None
    total = corpus.bytes + (val.bytes if val else 0)
    prepare(corpus, PairTokenizer(), val_frac=0.1, val=val, cache=cache, progress=lambda done, whole: calls.append((done, whole)))
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1] == (total, total)
    calls.clear()
    prepare(corpus, PairTokenizer(), val_frac=0.1, val=val, cache=cache, progress=lambda done, whole: calls.append((done, whole)))
    assert calls == [(total, total)]


@pytest.mark.usefixtures("corpus")
def test_memory_stays_far_below_the_size_of_the_text(cache, monkeypatch):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 2**16)
    Path("big").write_bytes(b"one endless line of text, " * 160_000)
    big = gather(["big"])
    assert big.bytes > 4_000_000
    tracemalloc.start()
    try:
        prepared = prepare(big, PairTokenizer(), val_frac=0.1, cache=cache)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(prepared.train.ids) == 3_744_001
    assert peak < big.bytes / 2


def test_large_files_are_not_hashed_when_they_come_from_the_cache(corpus, cache, monkeypatch):
    prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    monkeypatch.setattr(limits, "VERIFY_TOKENS_BYTES", 10)
    monkeypatch.setattr(TokenFile, "verify", None)
    assert prepare(corpus, PairTokenizer(), val_frac=0.1, cache=cache).cached


@pytest.mark.parametrize("name", ["char", "byte", "word"])
def test_our_own_tokenizers_give_back_the_text_of_every_document(corpus, cache, monkeypatch, name):
    from lstmgen.media import tokenizers

    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 64)
    tokenizer = tokenizers.build(name, lambda: (text for document in corpus.documents for text in corpus.read(document)))
    tokens = prepare(corpus, tokenizer, val_frac=0.0, cache=cache).train
    ends = [*tokens.starts[1:].tolist(), len(tokens.ids)]
    for document, start, end in zip(corpus.documents, tokens.starts.tolist(), ends, strict=True):
        text = "".join(corpus.read(document))
        ids = tokens.ids[start + 1 : end].astype(np.int64)
        assert tokenizer.decode(ids) == text
        assert ids.tolist() == tokenizer.encode(text).tolist()
