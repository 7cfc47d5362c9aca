"""Text as a medium: what may be given, what is done with unseen symbols, what is written."""

import pytest

from lstmgen import limits
from lstmgen.config import DataConfig
from lstmgen.errors import InputError, UnseenSymbolError, UsageError
from lstmgen.media.text import tokenizers
from lstmgen.media.text.byte import ByteTokenizer
from lstmgen.media.text.medium import MEDIUM
from lstmgen.media.text.symbols import utf8_bytes

CHAR = tokenizers.build("char", lambda: iter(["abcdefgh .\n"]))
BYTE = ByteTokenizer()


def prompt_of(text, tokenizer=CHAR, **options):
    return MEDIUM.parse_prompt(tokenizer, text, options, DataConfig())


def test_unseen_symbols_are_refused_left_out_or_replaced_and_reported():
    with pytest.raises(UnseenSymbolError):
        prompt_of("aéb\x1b")
    skipped = prompt_of("aéb\x1b", oov="skip")
    assert CHAR.decode(skipped.ids) == "ab"
    assert len(skipped.notes) == 1
    assert "left out" in skipped.notes[0]
    assert "'é'" in skipped.notes[0]
    assert "\x1b" not in skipped.notes[0]
    replaced = prompt_of("aéb", oov="replace")
    assert len(replaced.ids) == 3
    assert "replaced" in replaced.notes[0]
    assert prompt_of("ab", oov="skip").notes == prompt_of("é", BYTE, oov="skip").notes == ()


def test_a_prompt_stays_as_it_was_and_a_text_that_is_scored_is_what_was_kept():
    assert prompt_of("aéb", oov="skip").item == prompt_of("aéb", oov="skip").shown == "aéb"
    assert MEDIUM.encode(CHAR, "aéb", {"oov": "skip"}).item == "ab"
    assert MEDIUM.encode(CHAR, "aéb", {"oov": "replace"}).item == "aéb"


def test_no_prompt_is_an_empty_one():
    assert prompt_of(None).ids.tolist() == prompt_of("").ids.tolist() == []


def test_a_text_that_is_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "MAX_PROMPT_CHARS", 5)
    with pytest.raises(InputError, match="the prompt has 6 characters"):
        prompt_of("abcdef")
    with pytest.raises(InputError, match="the text has 6 characters"):
        MEDIUM.encode(CHAR, "abcdef", {})


def test_an_unknown_policy_is_refused():
    with pytest.raises(UsageError, match="expected one of error, skip, replace, found 'guess'"):
        MEDIUM.check_options({"oov": "guess"})


def test_a_text_is_given_as_itself_as_bytes_or_by_its_path(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffé\r\n".encode())
    assert MEDIUM.parse("é\r\n") == MEDIUM.parse("é\r\n".encode()) == MEDIUM.parse(tmp_path / "a.txt") == "é\r\n"
    with pytest.raises(InputError, match="No such file") as caught:
        MEDIUM.parse(tmp_path / "b.txt")
    assert caught.value.remedy
    with pytest.raises(InputError, match="byte 0xE9 at offset 4, line 2"):
        MEDIUM.parse(b"one\n\xe9")


@pytest.mark.parametrize(("text", "expected"), [("", 0), ("abc", 3), ("é", 2), ("€🎵", 7), ("a\udcffb", 3), ("\ud800", 3)])
def test_bytes_are_those_of_utf8_and_a_byte_escape_is_one(text, expected):
    assert utf8_bytes(text) == expected


def test_a_saved_text_holds_raw_bytes_where_it_held_them(tmp_path):
    MEDIUM.save("é\udcff\ud800\n", tmp_path / "a.anything")
    assert (tmp_path / "a.anything").read_bytes() == "é".encode() + b"\xff?\n"
