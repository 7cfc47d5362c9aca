import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.errors import CorpusError, ModelFileError, UnseenSymbolError
from lstmgen.media.text.char import CharTokenizer

FEW = CharTokenizer.from_counts({"b": 4, "a": 2, "é": 9, "\n": 1, "😀": 3})


def test_the_ids_follow_the_code_points():
    assert FEW.symbols == ("\n", "a", "b", "é", "😀")
    assert FEW.encode("bé😀a\n").tolist() == [3, 4, 5, 2, 1]
    assert FEW.vocab_size == 6


def test_the_json_is_pinned():
    assert FEW.to_json() == {"name": "char", "version": 1, "symbols": ["\n", "a", "b", "é", "😀"], "replacement": "é"}


def test_the_replacement_is_the_space_or_else_the_most_frequent_symbol():
    assert FEW.replacement == "é"
    assert CharTokenizer.from_counts({"a": 9, " ": 1}).replacement == " "
    assert CharTokenizer.from_counts({"z": 3, "b": 3, "a": 1}).replacement == "b"


def test_unseen_symbols_are_named_once_each_with_the_place_of_the_first():
    with pytest.raises(UnseenSymbolError) as caught:
        FEW.encode("ab\x1bcΩc\x1b")
    assert caught.value.symbols == ("\x1b", "c", "Ω")
    assert r"'\x1b' (U+001B), 'c' (U+0063), 'Ω' (U+03A9); the first is character 3" in caught.value.message
    assert "--oov" in caught.value.remedy


def test_a_long_list_of_unseen_symbols_is_shortened():
    with pytest.raises(UnseenSymbolError, match=r"17 symbols.* and 5 more") as caught:
        FEW.encode("cdefghijklmnopqrs")
    assert len(caught.value.symbols) == 17


def test_unseen_symbols_are_skipped_or_replaced_on_request():
    assert FEW.encode("xaΩb", oov="skip").tolist() == [2, 3]
    assert FEW.encode("xaΩb", oov="replace").tolist() == [4, 2, 4, 3]


def test_symbols_beyond_and_between_the_known_ones_are_unseen():
    assert FEW.unseen("\U0010ffff\0aab☃") == ("\U0010ffff", "\0", "☃")


def test_byte_escapes_are_symbols_like_others():
    tokenizer = CharTokenizer.from_counts({"a": 1, "\udcff": 1})
    assert tokenizer.decode(tokenizer.encode("a\udcff")) == "a\udcff"
    assert tokenizer.piece(2) == "\\xff"


def test_new_symbols_get_ids_after_the_old_ones():
    extended = FEW.extended({"a": 5, "z": 1, "c": 2, " ": 7})
    assert extended.symbols == (*FEW.symbols, " ", "c", "z")
    assert extended.replacement == FEW.replacement
    assert extended.encode("bé😀a\n").tolist() == FEW.encode("bé😀a\n").tolist()
    assert extended.decode(extended.encode("zebra".replace("e", "é").replace("r", " "))) == "zéb a"
    assert CharTokenizer.from_json(extended.to_json()) == extended


def test_extending_by_nothing_new_changes_nothing():
    assert FEW.extended("ab") == FEW


def test_a_corpus_without_characters_is_refused():
    with pytest.raises(CorpusError, match="no text"):
        CharTokenizer.from_counts({"a": 0})


def test_surrogates_that_stand_for_nothing_never_become_symbols():
    with pytest.raises(CorpusError, match=r"U\+D800"):
        CharTokenizer.from_counts({"a": 1, "\ud800": 1})
    with pytest.raises(CorpusError, match=r"U\+DC00"):
        FEW.extended(["\udc00"])


@settings(max_examples=60)
@given(symbols=st.sets(st.characters(codec="utf-8"), min_size=1, max_size=30), text=st.text(max_size=60))
def test_each_symbol_is_looked_up_as_a_dictionary_would(symbols, text):
    tokenizer = CharTokenizer.from_counts(dict.fromkeys(symbols, 1))
    ids = {symbol: index + 1 for index, symbol in enumerate(tokenizer.symbols)}
    assert tokenizer.encode(text, oov="skip").tolist() == [ids[symbol] for symbol in text if symbol in ids]
    assert tokenizer.unseen(text) == tuple(dict.fromkeys(symbol for symbol in text if symbol not in ids))


@pytest.mark.parametrize(
    "values",
    [
        {"symbols": []},
        {"symbols": ["a", "a"]},
        {"symbols": ["a", ""]},
        {"symbols": ["a", "bc"]},
        {"symbols": ["a", "\ud800"]},
        {"symbols": ["a", 3]},
        {"symbols": ["a", None]},
        {"symbols": ["a", ["b"]]},
        {"symbols": "ab"},
        {"symbols": {"a": 1}},
        {"replacement": "z"},
        {"replacement": 1},
        {"replacement": None},
        {"extra": 1},
    ],
)
def test_other_json_is_refused(values):
    good = {"name": "char", "version": 1, "symbols": ["a", "b"], "replacement": "a"}
    assert CharTokenizer.from_json(good).vocab_size == 3
    with pytest.raises(ModelFileError):
        CharTokenizer.from_json(good | values)
