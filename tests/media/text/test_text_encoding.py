"""Texts become token files: cut without a trace, split, cached."""

import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmgen import limits, storage
from lstmgen.corpus import prepared as prepared_module
from lstmgen.corpus.locate import locate
from lstmgen.corpus.prepared import prepare
from lstmgen.corpus.token_file import TokenFile
from lstmgen.errors import CorpusError, MachineError, UnseenSymbolError, UsageError
from lstmgen.media import registry
from lstmgen.media.text import documents as text_documents
from lstmgen.media.text import tokenizers as text_tokenizers
from lstmgen.media.text.documents import Corpus
from lstmgen.media.text.encoding import parts, stretches
from lstmgen.storage import files


def gather(specs: list[str]) -> Corpus:
    """The documents that the specs name."""
    return text_documents.gather(list(locate(specs, kept=None, cache=None)))


def token_files(corpus: Corpus, tokenizer: Any, *, val_frac: float, cache: Path, val: Corpus | None = None, **options: Any) -> Any:
    """The corpus as ids on disk."""
    made, identity, total = parts(corpus, tokenizer, val_frac=val_frac, val=val)
    return prepare(made, registry.encoding_of(tokenizer), identity=identity, total=total, cache=cache, **options)


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


# Cutting


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_however_a_document_is_cut_the_ids_are_those_of_the_whole(monkeypatch, size):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 16)
    text = "aab\u20acabababaa\U0001f600bba" * 5
    tokenizer = PairTokenizer()
    found = list(stretches((text[begin : begin + size] for begin in range(0, len(text), size)), tokenizer))
    assert np.concatenate([stretch.ids for stretch in found]).tolist() == tokenizer.encode(text).tolist()
    assert len(found) > 1 or size == 100
    assert sum(stretch.measures["chars"] for stretch in found) == len(text)
    assert sum(stretch.measures["bytes"] for stretch in found) == sum(stretch.work for stretch in found) == len(text.encode())


def test_empty_chunks_and_empty_documents_leave_no_stretch():
    assert [stretch.ids.tolist() for stretch in stretches(["", "ab", ""], PairTokenizer())] == [[257]]
    assert list(stretches([], PairTokenizer())) == []


def test_text_that_has_no_safe_place_is_cut_at_the_limit(monkeypatch):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 16)
    monkeypatch.setattr(limits, "MAX_UNCUT_CHARS", 10)
    tokenizer = PairTokenizer(blind=True)
    found = list(stretches(("xyz" for _ in range(31)), tokenizer))
    assert tokenizer.decode(np.concatenate([stretch.ids for stretch in found])) == "xyz" * 31
    assert tokenizer.longest <= 12


# Token files


def test_training_and_validation_hold_the_parts_of_every_document_apart(corpus, cache):
    tokenizer = PairTokenizer()
    prepared = token_files(corpus, tokenizer, val_frac=0.1, cache=cache)
    texts = ["".join(corpus.read(document)) for document in corpus.files]
    cuts = [int(0.9 * len(text)) or len(text) for text in texts]
    assert prepared.val is not None
    assert not prepared.cached
    assert documents(prepared.train, tokenizer) == [text[:cut] for text, cut in zip(texts, cuts, strict=True)]
    assert documents(prepared.val, tokenizer) == [text[cut:] for text, cut in zip(texts, cuts, strict=True) if text[cut:]]
    assert prepared.train.ids[prepared.train.starts].tolist() == [0, 0, 0]
    for unit in ("chars", "bytes"):
        assert prepared.train.measures[unit] + prepared.val.measures[unit] == getattr(corpus, unit)
    assert (prepared.train.header["part"], prepared.val.header["part"]) == ("train", "val")


def test_a_second_time_the_files_come_from_the_cache_and_are_the_same(corpus, cache, monkeypatch):
    first = token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    before = {path: path.read_bytes() for path in cache.rglob("*.tokens")}
    assert len(before) == 2
    monkeypatch.setattr(prepared_module, "write_token_file", None)
    second = token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    assert second.cached
    assert second.train.ids[:].tolist() == first.train.ids[:].tolist()
    assert {path: path.read_bytes() for path in cache.rglob("*.tokens")} == before


def test_what_a_killed_writer_left_in_the_entry_of_any_corpus_is_cleared_away(corpus, cache):
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    ).stdout.strip()
    left = cache / "tokens" / "of-another-corpus" / f".lstmgen-{files._host()}-{gone}-{'0' * 16}.tmp"
    left.parent.mkdir(parents=True)
    left.touch()
    token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    assert not left.exists()


def test_another_text_tokenizer_or_split_is_another_entry(corpus, cache):
    options = [
        (corpus, PairTokenizer(), {"val_frac": 0.1}),
        (corpus, PairTokenizer(), {"val_frac": 0.2}),
        (corpus, PairTokenizer(vocab_size=300), {"val_frac": 0.1}),
        (corpus, PairTokenizer(), {"val_frac": 0.1, "val": gather(["2"])}),
        (gather(["1"]), PairTokenizer(), {"val_frac": 0.1}),
    ]
    assert not any(token_files(text, tokenizer, cache=cache, **keywords).cached for text, tokenizer, keywords in options)
    assert all(token_files(text, tokenizer, cache=cache, **keywords).cached for text, tokenizer, keywords in options)
    assert len(list((cache / "tokens").iterdir())) == len(options)


def test_with_a_separate_validation_corpus_nothing_is_held_out(corpus, cache):
    other = gather(["3"])
    prepared = token_files(corpus, PairTokenizer(), val_frac=0.5, val=other, cache=cache)
    assert prepared.val is not None
    assert prepared.train.measures["chars"] == corpus.chars
    assert prepared.val.measures["chars"] == other.chars
    assert prepared.val.header["corpus_sha256"] == other.sha256


def test_where_nothing_can_be_held_out_there_is_no_validation_file(corpus, cache):
    short = gather(["2"])
    for _ in range(2):
        assert token_files(short, PairTokenizer(), val_frac=0.1, cache=cache).val is None
    assert token_files(corpus, PairTokenizer(), val_frac=0.0, cache=cache).val is None


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "swapped", "foreign"])
def test_a_damaged_entry_of_the_cache_is_built_again_without_a_word(corpus, cache, damage):
    first = token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
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
    again = token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    assert not again.cached
    assert path.read_bytes() == good


def test_a_source_that_changes_while_it_is_encoded_leaves_nothing_in_the_cache(corpus, cache):
    Path("3").write_bytes(b"something else altogether\n" * 10)
    with pytest.raises(CorpusError, match="3: the file has changed"):
        token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    assert list(cache.rglob("*.tokens")) == []
    assert list(cache.rglob("*.tmp")) == []


@pytest.mark.usefixtures("corpus")
def test_a_symbol_that_cannot_be_expressed_leaves_nothing_in_the_cache(cache):
    Path("odd").write_bytes(b"what! now!")
    with pytest.raises(UnseenSymbolError):
        token_files(gather(["odd"]), PairTokenizer(), val_frac=0.0, cache=cache)
    assert list(cache.rglob("*.tokens")) == []


@pytest.mark.parametrize("val_frac", [-0.1, 1.0, 1.5])
def test_a_share_out_of_range_is_a_usage_error(corpus, cache, val_frac):
    with pytest.raises(UsageError):
        token_files(corpus, PairTokenizer(), val_frac=val_frac, cache=cache)


def test_a_cache_that_cannot_be_written_gives_way_to_the_fallback(corpus, cache, tmp_path):
    cache.write_bytes(b"a file is in the way")
    with pytest.raises(MachineError, match="cannot create the folder"):
        token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    prepared = token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache, fallback=tmp_path / "run")
    assert prepared.train.path.is_relative_to(tmp_path / "run")
    assert token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache, fallback=tmp_path / "run").cached


def test_a_cache_that_can_only_be_read_still_serves(corpus, cache, monkeypatch):
    token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache)

    def refuse(*_arguments, **_keywords):
        raise AssertionError("nothing may be written")

    monkeypatch.setattr(storage, "atomic_write", refuse)
    monkeypatch.setattr(storage, "make_folder", refuse)
    assert token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache).cached


@pytest.mark.parametrize("with_val", [False, True])
def test_progress_rises_to_the_whole_of_the_text_and_stays_there_when_cached(corpus, cache, with_val):
    calls: list[tuple[int, int]] = []
    val = gather(["3"]) if with_val else None
    total = corpus.bytes + (val.bytes if val else 0)
    token_files(corpus, PairTokenizer(), val_frac=0.1, val=val, cache=cache, progress=lambda done, whole: calls.append((done, whole)))
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1] == (total, total)
    calls.clear()
    token_files(corpus, PairTokenizer(), val_frac=0.1, val=val, cache=cache, progress=lambda done, whole: calls.append((done, whole)))
    assert calls == [(total, total)]


@pytest.mark.usefixtures("corpus")
def test_memory_stays_far_below_the_size_of_the_text(cache, monkeypatch):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 2**16)
    Path("big").write_bytes(b"one endless line of text, " * 160_000)
    big = gather(["big"])
    assert big.bytes > 4_000_000
    tracemalloc.start()
    try:
        prepared = token_files(big, PairTokenizer(), val_frac=0.1, cache=cache)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(prepared.train.ids) == 3_744_001
    assert peak < big.bytes / 2


def test_large_files_are_not_hashed_when_they_come_from_the_cache(corpus, cache, monkeypatch):
    token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache)
    monkeypatch.setattr(limits, "VERIFY_TOKENS_BYTES", 10)
    monkeypatch.setattr(TokenFile, "verify", None)
    assert token_files(corpus, PairTokenizer(), val_frac=0.1, cache=cache).cached


@pytest.mark.parametrize("name", ["char", "byte", "word"])
def test_our_own_tokenizers_give_back_the_text_of_every_document(corpus, cache, monkeypatch, name):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 64)
    tokenizer = text_tokenizers.build(name, lambda: (text for document in corpus.files for text in corpus.read(document)))
    tokens = token_files(corpus, tokenizer, val_frac=0.0, cache=cache).train
    ends = [*tokens.starts[1:].tolist(), len(tokens.ids)]
    for document, start, end in zip(corpus.files, tokens.starts.tolist(), ends, strict=True):
        text = "".join(corpus.read(document))
        ids = tokens.ids[start + 1 : end].astype(np.int64)
        assert tokenizer.decode(ids) == text
        assert ids.tolist() == tokenizer.encode(text).tolist()
