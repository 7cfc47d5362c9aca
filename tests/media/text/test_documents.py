"""Files to documents: everything that is text is found, in order, and read back as it was counted."""

import gzip
import hashlib
import os
import tracemalloc
from pathlib import Path

import pytest

from lstmgen import limits
from lstmgen.corpus.locate import locate
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.text import documents
from lstmgen.media.text.documents import Corpus


def gather(specs, *, kept=None, cache=None, **options):
    """The documents that the specs name."""
    return documents.gather(list(locate(specs, kept={"-": kept} if kept else None, cache=cache)), **options)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with text at several depths and some things that are not text; it is the current folder."""
    for name, content in {
        "texts/b.txt": b"bb",
        "texts/a.txt": b"a",
        "texts/deep/er/c.md": b"ccc",
        "texts/.hidden.txt": b"hidden",
        "texts/.git/d.txt": b"hidden",
        "texts/empty.txt": b"",
        "texts/picture.png": b"\x89PNG\r\n\x1a\n\x00",
        "texts/latin.txt": b"caf\xe9",
        "other.txt": b"other",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(corpus: Corpus) -> list[str]:
    return [document.name for document in corpus.files]


def whole(corpus: Corpus) -> list[str]:
    return ["".join(corpus.read(document)) for document in corpus.files]


def refusal(*specs: str, **options) -> CorpusError:
    with pytest.raises(CorpusError) as caught:
        gather(specs, **options)
    assert caught.value.exit_code == 3
    assert caught.value.remedy
    return caught.value


# What is found


@pytest.mark.usefixtures("tree")
def test_a_folder_gives_its_text_in_sorted_order_and_lists_the_rest_with_reasons():
    corpus = gather(["texts"])
    assert names(corpus) == ["texts/a.txt", "texts/b.txt", "texts/deep/er/c.md"]
    assert whole(corpus) == ["a", "bb", "ccc"]
    assert corpus.skipped == (
        ("texts/empty.txt", "empty, expected text"),
        ("texts/latin.txt", "byte 0xE9 at offset 3 (line 1, column 4) is not UTF-8"),
        ("texts/picture.png", "a PNG image, expected UTF-8 text"),
    )


def test_specs_keep_their_order_and_a_file_named_twice_is_one_document(tree):
    corpus = gather(["texts/b.txt", "other.txt", "texts/a.txt", "./texts/b.txt", str(tree / "other.txt"), "texts"])
    assert names(corpus) == ["texts/b.txt", "other.txt", "texts/a.txt", "texts/deep/er/c.md"]


def test_a_glob_takes_what_matches_and_two_stars_go_down(tree):
    assert names(gather(["texts/?.txt"])) == ["texts/a.txt", "texts/b.txt"]
    assert names(gather(["**/*.md"])) == ["texts/deep/er/c.md"]
    assert names(gather([str(tree / "*.txt")])) == [(tree / "other.txt").as_posix()]
    assert names(gather(["te*"])) == names(gather(["texts"]))
    assert len(gather(["**/*"]).skipped) == 3


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tree):
    (tree / "[1].txt").write_bytes(b"brackets")
    (tree / "1.txt").write_bytes(b"one")
    assert whole(gather(["[1].txt"])) == ["brackets"]


@pytest.mark.usefixtures("tree")
def test_a_hidden_file_that_is_named_is_read():
    assert whole(gather(["texts/.hidden.txt"])) == ["hidden"]


def test_a_path_comes_before_a_corpus_of_the_same_name(tree):
    (tree / "python-docs").write_bytes(b"mine")
    assert whole(gather(["python-docs"])) == ["mine"]


def test_names_of_corpora_are_found_and_their_documents_named_after_them(tree, monkeypatch):
    (tree / "library").mkdir()
    (tree / "library" / "m.py").write_bytes(b"import this\n")
    monkeypatch.setattr("lstmgen.corpus.machine.standard_library", lambda: tree / "library")
    corpus = gather(["python-source"])
    assert names(corpus) == ["python-source/m.py"]
    assert whole(corpus) == ["import this\n"]


@pytest.mark.skipif(os.name == "nt", reason="links need privileges there")
def test_links_to_files_are_read_and_links_to_folders_are_listed(tree):
    (tree / "texts" / "link.txt").symlink_to("../other.txt")
    (tree / "texts" / "loop").symlink_to("..")
    corpus = gather(["texts"])
    assert "texts/link.txt" in names(corpus)
    assert ("texts/loop", "a link to a folder, which is not followed") in corpus.skipped
    (tree / "way").symlink_to("texts")
    assert "way/a.txt" in names(gather(["way"]))


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_names_that_are_not_utf8_or_hold_control_characters_can_be_printed(tree):
    odd = os.fsdecode(b"odd\xff\n\x1b.txt")
    (tree / odd).write_bytes(b"text")
    corpus = gather([odd])
    assert names(corpus) == ["odd\\udcff\\n\\x1b.txt"]
    assert whole(corpus) == ["text"]


# Standard input


def test_standard_input_is_read_like_the_file_that_keeps_it(tree):
    (tree / "kept").write_bytes(b"from a pipe\r\n")
    corpus = gather(["-", "other.txt", "-"], kept=tree / "kept")
    assert names(corpus) == ["standard input", "other.txt"]
    assert whole(corpus) == ["from a pipe\n", "other"]
    assert gather(["kept", "other.txt"]).sha256 == corpus.sha256


def test_standard_input_is_refused_when_it_is_not_text_or_was_not_kept(tree):
    (tree / "kept").write_bytes(b"\x00")
    assert refusal("-", kept=tree / "kept").message.startswith("standard input: binary data")
    with pytest.raises(UsageError):
        gather(["-"])


# Refusals


def test_an_unknown_policy_is_a_usage_error():
    with pytest.raises(UsageError, match="found 'bytes'"):
        documents.gather([], errors="bytes")


@pytest.mark.usefixtures("tree")
def test_a_missing_file_suggests_the_nearest_of_its_folder_or_of_the_corpora():
    error = refusal("texts/bb.txt")
    assert error.message == "'texts/bb.txt': no file, folder or corpus of that name"
    assert error.remedy == f"did you mean {Path('texts/b.txt')}?"
    assert refusal("python-dox").remedy == "did you mean python-docs?"
    assert "lstmgen corpora" in refusal("qqqqqqqq").remedy
    assert "zz is not a folder either" in refusal("zz/a.txt").message
    assert refusal("").message
    assert refusal("a\x00b").message
    assert refusal("n" * 5000).message


@pytest.mark.usefixtures("tree")
def test_a_glob_without_a_match_is_refused():
    assert refusal("*.tex").message == "nothing matches '*.tex'"


def test_a_named_file_is_refused_where_a_folder_would_skip_it(tree):
    assert refusal("texts/empty.txt").message == "texts/empty.txt: empty, expected text"
    assert refusal("texts/picture.png").message == "texts/picture.png: a PNG image, expected UTF-8 text"
    (tree / "x.gz").write_bytes(gzip.compress(b"x"))
    assert refusal("x.gz").remedy == "gunzip -c x.gz | lstmgen train -"


def test_a_bad_byte_is_reported_with_its_place_and_every_way_out(tree):
    (tree / "l.txt").write_bytes("fine\nna\u00efve caf".encode() + b"\xe9")
    error = refusal("l.txt")
    assert error.message == "l.txt: byte 0xE9 at offset 15 (line 2, column 10) is not UTF-8"
    assert all(word in error.remedy for word in ("--errors replace", "--errors ignore", "--errors surrogateescape", "--encoding cp1252"))


def test_nothing_but_a_mark_or_dropped_bytes_counts_as_empty(tree):
    (tree / "mark.txt").write_bytes(b"\xef\xbb\xbf")
    assert refusal("mark.txt").message == "mark.txt: empty (byte order mark removed), expected text"
    (tree / "bad.txt").write_bytes(b"\xff\xfa")
    assert "2 bytes outside UTF-8 left out" in refusal("bad.txt", errors="ignore").message


def test_a_corpus_that_was_not_downloaded_names_the_command_that_does(tree):
    assert refusal("tinyshakespeare", cache=tree / "cache").remedy == "lstmgen corpora get tinyshakespeare"
    assert refusal("tinyshakespeare").remedy == "lstmgen corpora get tinyshakespeare"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs there")
def test_what_could_block_for_ever_is_never_opened(tree):
    os.mkfifo(tree / "pipe")
    assert "FIFO" in refusal("pipe").message
    assert "lstmgen train -" in refusal("pipe").remedy
    assert refusal("/dev/zero").message == "/dev/zero: a character device, expected a file"
    (tree / "texts" / "pipe").symlink_to("../pipe")
    assert ("texts/pipe", "a FIFO (named pipe), expected a file") in gather(["texts"]).skipped


@pytest.mark.usefixtures("tree")
def test_files_and_folders_without_permission_are_refused_or_skipped(monkeypatch):
    real_open, real_iterdir = os.open, Path.iterdir

    def no_open(path, *arguments, **keywords):
        if Path(path).name == "b.txt":
            raise PermissionError(13, "Permission denied")
        return real_open(path, *arguments, **keywords)

    def no_iterdir(path):
        if path.name == "deep":
            raise PermissionError(13, "Permission denied")
        return real_iterdir(path)

    monkeypatch.setattr(os, "open", no_open)
    monkeypatch.setattr(Path, "iterdir", no_iterdir)
    assert refusal("texts/b.txt").message == "texts/b.txt: cannot be read: permission denied"
    assert "chmod" in refusal("texts/b.txt").remedy
    assert refusal("texts/deep").message == "texts/deep: cannot be listed: permission denied"
    corpus = gather(["texts"])
    assert ("texts/b.txt", "cannot be read: permission denied") in corpus.skipped
    assert ("texts/deep", "cannot be listed: permission denied") in corpus.skipped
    assert names(corpus) == ["texts/a.txt"]


@pytest.mark.skipif(os.name == "nt", reason="links need privileges there")
def test_a_link_to_nothing_says_that_nothing_is_there(tree):
    (tree / "dangling.txt").symlink_to("gone.txt")
    assert "cannot be read: no such file" in refusal("dangling.txt").message


def test_a_folder_without_text_lists_the_first_reasons_and_counts_the_rest(tree):
    (tree / "bin").mkdir()
    for number in range(7):
        (tree / "bin" / f"{number}.dat").write_bytes(b"x\x00")
    message = refusal("bin").message
    assert message.startswith("no usable text among 7 files (bin/0.dat: binary data")
    assert message.count("binary data") == 5
    assert message.endswith("; and 2 more)")


@pytest.mark.usefixtures("tree")
def test_more_files_than_the_limit_are_refused(monkeypatch):
    monkeypatch.setattr(limits, "MAX_DOCUMENTS", 3)
    assert "more than 3 files" in refusal("texts").message


# What is read


def test_counts_come_from_the_scan_and_agree_with_the_text(tree):
    (tree / "texts" / "u.txt").write_text("h\u00e9llo \u20ac\U0001f600\n", encoding="utf-8")
    corpus = gather(["texts", "other.txt"])
    text = "".join(whole(corpus))
    assert corpus.character_counts() == {character: text.count(character) for character in sorted(set(text))}
    assert corpus.chars == len(text)
    assert corpus.bytes == len(text.encode())
    assert [document.chars for document in corpus.files] == [len(part) for part in whole(corpus)]
    assert corpus.files[0].sha256 == hashlib.sha256(b"a").hexdigest()


@pytest.mark.usefixtures("tree")
def test_a_skipped_file_leaves_no_trace_in_the_counts():
    assert "\u00e9" not in gather(["texts"]).character_counts()
    assert "f" not in gather(["texts"]).character_counts()


@pytest.mark.parametrize("chunk_bytes", [1, 3, 8, 1000])
def test_reads_of_neighbouring_ranges_make_up_the_whole(tree, monkeypatch, chunk_bytes):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", chunk_bytes)
    expected = "a\nb\n\n\u20ac\U0001f600z\n"
    (tree / "m.txt").write_bytes("\ufeffa\r\nb\r\r\n\u20ac\U0001f600z\r".encode())
    corpus = gather(["m.txt"])
    (document,) = corpus.files
    assert document.chars == len(expected)
    for cut in range(document.chars + 1):
        assert "".join(corpus.read(document, 0, cut)) == expected[:cut]
        assert "".join(corpus.read(document, cut)) == expected[cut:]
    assert "".join(corpus.read(document, 2, 5)) == expected[2:5]


@pytest.mark.usefixtures("tree")
def test_a_range_outside_the_document_is_refused_at_once():
    corpus = gather(["other.txt"])
    for start, stop in ((-1, None), (0, 6), (3, 2), (6, None)):
        with pytest.raises(ValueError, match="do not lie within"):
            corpus.read(corpus.files[0], start, stop)


@pytest.mark.parametrize("changed", [b"othex", b"othe", b"other!", b"oth\xff\xff", b""])
def test_a_file_that_changed_after_the_scan_is_noticed(tree, changed):
    corpus = gather(["other.txt"])
    (tree / "other.txt").write_bytes(changed)
    with pytest.raises(CorpusError, match=r"other\.txt: the file has changed"):
        list(corpus.read(corpus.files[0]))
    with pytest.raises(CorpusError, match="has changed"):
        list(corpus.read(corpus.files[0], 3))


def test_a_file_that_went_after_the_scan_is_named(tree):
    corpus = gather(["other.txt"])
    (tree / "other.txt").unlink()
    with pytest.raises(CorpusError, match="cannot be read: no such file"):
        list(corpus.read(corpus.files[0]))


def test_the_hash_of_a_corpus_depends_on_texts_order_and_normalisation_and_on_nothing_else(tree):
    (tree / "copy.txt").write_bytes(b"other")
    base = gather(["other.txt", "texts/a.txt"]).sha256
    assert gather(["copy.txt", str(tree / "texts" / "a.txt")]).sha256 == base
    others = {
        gather(["texts/a.txt", "other.txt"]).sha256,
        gather(["other.txt"]).sha256,
        gather(["other.txt", "texts/b.txt"]).sha256,
        gather(["other.txt", "texts/a.txt"], errors="replace").sha256,
        gather(["other.txt", "texts/a.txt"], keep_newlines=True).sha256,
    }
    assert len(others) == 5
    assert base not in others


def test_line_ends_are_kept_on_request(tree):
    (tree / "w.txt").write_bytes(b"a\r\nb\r")
    corpus = gather(["w.txt"], keep_newlines=True)
    assert whole(corpus) == ["a\r\nb\r"]
    assert corpus.files[0].notes == ()
    assert gather(["w.txt"]).files[0].notes == ("1 CRLF line end turned into LF", "1 CR line end turned into LF")


@pytest.mark.parametrize(("errors", "text"), [("replace", "caf\ufffd"), ("ignore", "caf"), ("surrogateescape", "caf\udce9")])
@pytest.mark.usefixtures("tree")
def test_policies_apply_to_scan_and_read_alike(errors, text):
    corpus = gather(["texts/latin.txt"], errors=errors)
    assert whole(corpus) == [text]
    assert corpus.chars == len(text)
    assert corpus.bytes == len(text.encode("utf-8", "surrogateescape"))


@pytest.mark.usefixtures("tree")
def test_progress_ends_at_the_whole_size(monkeypatch):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 2)
    calls: list[tuple[int, int]] = []
    gather(["other.txt", "texts/b.txt"], progress=lambda done, total: calls.append((done, total)))
    assert calls == [(2, 7), (4, 7), (5, 7), (7, 7)]


def test_memory_stays_far_below_the_size_of_the_file(tree, monkeypatch):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 2**16)
    with (tree / "big.txt").open("wb") as stream:
        for _ in range(40):
            stream.write("one endless line of \u00e9 text, ".encode() * 4000)
    size = (tree / "big.txt").stat().st_size
    assert size > 4_000_000
    gather(["other.txt"])
    tracemalloc.start()
    try:
        corpus = gather(["big.txt"])
        chars = sum(map(len, corpus.read(corpus.files[0], 1000)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert chars == corpus.chars - 1000
    assert peak < size / 3
