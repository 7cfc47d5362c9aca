import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmgen.media.text import symbols


@given(st.text(st.characters(codec=None, categories=None), max_size=30))
def test_what_is_shown_may_be_printed(text):
    shown = symbols.printable(text)
    assert shown.isprintable()
    assert " " not in shown
    assert shown.encode("utf-8").decode("utf-8") == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b", "a␣b"),
        ("\n\r\t", "\\n\\r\\t"),
        ("\x1b", "\\x1b"),
        ("\u202e", "\\u202e"),
        ("\U000e0001", "\\U000e0001"),
        ("\udcfe", "\\xfe"),
        ("é😀", "é😀"),
    ],
)
def test_characters_are_shown_as_written_here(text, shown):
    assert symbols.printable(text) == shown


def test_byte_escapes_have_a_meaning_and_other_surrogates_have_none():
    assert [code for code in range(0xD800, 0xE000) if symbols.is_byte_escape(chr(code))] == list(range(0xDC80, 0xDD00))
    assert not any(symbols.is_stray_surrogate(character) for character in "a\ud7ff\ue000\udc80\udcff")
    assert all(symbols.is_stray_surrogate(character) for character in "\ud800\udc7f\udd00\udfff")
    assert symbols.stray_surrogates("a\udc80\udfff\ud800\udfff") == ("\udfff", "\ud800")
    assert symbols.has_byte_escapes("é\udc80")
    assert not symbols.has_byte_escapes("é\udc00")
