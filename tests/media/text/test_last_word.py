"""A text is cut before its last word at a border of its ids, and nothing of it is lost."""

import pytest

from lstmgen.media.text import tokenizers
from lstmgen.media.text.last_word import last_word

LINES = "the quick brown fox jumps over the lazy dog. don't stop-now é über\n" * 4


@pytest.mark.parametrize("name", ["char", "byte", "word", "bpe", "unigram"])
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("the quick br", "br"),
        ("the quick ", ""),
        ("dog.\n\nthe", "the"),
        ("the dog. don't", "don't"),
        ("the lazy dog.", ""),
        ("fox", "fox"),
        ("", ""),
        ("the é", "é"),
        ("o" * 70, ""),
        ("the" + " " * 30, ""),
    ],
)
def test_what_was_typed_of_a_word_is_found_and_the_rest_stands_before_it(name, text, word):
    tokenizer = tokenizers.build(name, lambda: iter([LINES]), vocab_size=320 if name in {"word", "bpe", "unigram"} else None)
    found = last_word(tokenizer, tokenizer.encode(text))
    base = b"".join(found.entries[token] for token in found.base.tolist())
    assert (base + found.typed).decode() == text
    assert found.typed[found.word :].decode() == word
    assert found.entries[0] == b""
    if word and " " in text:
        assert not base.endswith(b" ")


def test_a_word_ends_where_anything_else_begins():
    tokenizer = tokenizers.build("char", lambda: iter([LINES]))
    end = last_word(tokenizer, tokenizer.encode("the")).word_end
    assert [end(content) for content in (b"dog", b"dog.", b" dog", "für mich".encode(), b"don't, no", b"")] == [None, 3, 0, 4, 5, None]
