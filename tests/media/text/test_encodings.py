"""Texts in other encodings than UTF-8, the one rule for NUL, and prompts that are normalised as sources are."""

import pytest

from lstmgen import limits
from lstmgen.config import DataConfig
from lstmgen.corpus.locate import locate
from lstmgen.errors import CorpusError, InputError, UsageError
from lstmgen.media.registry import medium_of_content
from lstmgen.media.text import documents, tokenizers
from lstmgen.media.text.decoding import Normaliser, decode_text
from lstmgen.media.text.medium import MEDIUM

TEXT = "Zoë naïve\r\n\u2013 café €\n"
CHAR = tokenizers.build("char", lambda: iter(["abc\r\n "]))


@pytest.fixture
def read(tmp_path):
    """The text of a file of these bytes."""

    def of(content, **options):
        (tmp_path / "a.txt").write_bytes(content)
        corpus = documents.gather(list(locate([str(tmp_path / "a.txt")], kept=None, cache=None)), **options)
        return "".join(corpus.read(corpus.files[0])), corpus

    return of


@pytest.mark.parametrize("encoding", ["cp1252", "Windows-1252", "utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf_7"])
@pytest.mark.parametrize("chunk", [1, 3, 2**20])
def test_a_text_is_the_same_in_every_encoding_however_it_is_read(read, monkeypatch, encoding, chunk):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", chunk)
    text, corpus = read(TEXT.encode(encoding), encoding=encoding)
    assert text == TEXT.replace("\r\n", "\n")
    assert corpus.chars == len(text)


def test_multibyte_encodings_are_read_across_chunks(read, monkeypatch):
    monkeypatch.setattr(limits, "READ_CHUNK_BYTES", 1)
    assert read("漢字かな\n".encode("shift_jis"), encoding="shift_jis")[0] == "漢字かな\n"


@pytest.mark.parametrize(("errors", "expected"), [("replace", "a\ufffdb\ufffd"), ("ignore", "ab"), ("surrogateescape", "a\udc81b\udc8d")])
def test_bytes_outside_an_encoding_are_treated_one_by_one(read, errors, expected):
    text, corpus = read(b"a\x81b\x8d", encoding="cp1252", errors=errors)
    assert text == expected
    assert corpus.files[0].notes[0].startswith("2 bytes outside CP1252")


def test_a_cut_character_of_ascii_bytes_is_settled_by_the_policy_too():
    for errors, expected in (("replace", "a\ufffd"), ("ignore", "a"), ("surrogateescape", "aA")):
        normaliser = Normaliser(errors=errors, keep_newlines=False, encoding="utf-16-le")
        assert normaliser.feed("a".encode("utf-16-le") + b"A", final=True) == expected


def test_what_is_not_of_the_encoding_is_refused_with_its_place_and_what_to_type(read):
    for content, encoding, said in ((b"ok\x81", "cp1252", "byte 0x81 at offset 2 is not CP1252"), (b"caf\xe9", "utf-8", "is not UTF-8")):
        with pytest.raises(CorpusError, match=said) as caught:
            read(content, encoding=encoding)
        assert "--encoding" in caught.value.remedy
    with pytest.raises(CorpusError, match="UTF-16 text") as caught:
        read(TEXT.encode("utf-16"))
    assert caught.value.remedy == "--encoding utf-16"


@pytest.mark.parametrize("name", ["cp9999", "rot13", "base64", "idna", "undefined", "a\0b", ""])
def test_what_is_no_encoding_of_text_is_refused(read, name):
    with pytest.raises(UsageError, match="no encoding"):
        read(b"abc", encoding=name)


def test_another_encoding_is_another_corpus_and_utf8_is_what_it_was(read):
    plain, named, other = (read(b"abc", **options)[1] for options in ({}, {"encoding": "UTF8"}, {"encoding": "cp1252"}))
    assert plain.sha256 == named.sha256 != other.sha256


@pytest.mark.parametrize("place", [0, 100, limits.BINARY_PROBE_BYTES + 5, limits.READ_CHUNK_BYTES + 5])
@pytest.mark.parametrize("errors", ["strict", "replace", "ignore", "surrogateescape"])
def test_a_nul_is_no_text_wherever_it_stands_and_whatever_the_policy(read, place, errors):
    with pytest.raises(CorpusError, match=rf"binary data \(a NUL .* at offset {place}\)"):
        read(b"a" * place + b"\0" + b"b" * 20, errors=errors)
    with pytest.raises(CorpusError, match="binary data"):
        read(("a" * place + "\0" + "b").encode("utf-16"), encoding="utf-16", errors=errors)


def test_a_text_that_begins_like_a_midi_file_is_one_unless_the_header_follows():
    assert MEDIUM.recognises(b"MThd is how a MIDI file begins.\n")
    assert not MEDIUM.recognises(b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x00\x60MTrk")
    assert medium_of_content(b"MThd is how a MIDI file begins.\n") is MEDIUM


def test_prompts_are_normalised_as_sources_are():
    def prompt(given, **data):
        return MEDIUM.parse_prompt(CHAR, given, {}, DataConfig(**data)).item

    assert prompt("\ufeffa\r\nb\rc") == prompt(b"\xef\xbb\xbfa\r\nb\rc") == "a\nb\nc"
    assert prompt("a\r\nb", keep_newlines=True) == "a\r\nb"
    assert prompt(b"ab\n", documents="line") == prompt("ab\n", documents="line") == "ab"
    assert prompt("ab\n", documents="blank-line") == "ab\n"


def test_the_content_of_a_file_is_decoded_or_refused():
    assert decode_text("é".encode("cp1252"), what="it", encoding="cp1252") == "é"
    with pytest.raises(InputError, match="it is not UTF-8: byte 0xE9 at offset 2, line 2"):
        decode_text(b"a\n\xe9", what="it")
