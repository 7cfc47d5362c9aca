"""build, from_json and fingerprint."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmgen.errors import CorpusError, ModelFileError, UsageError
from lstmgen.media import checks, registry
from lstmgen.media.text import tokenizers as text_tokenizers

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 2**70),
    st.floats(),
    st.text(st.characters(codec=None, categories=None), max_size=5),
    st.lists(st.one_of(st.integers(), st.text(max_size=3), st.none()), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def test_the_default_stands_first():
    assert text_tokenizers.NAMES == ("char", "byte", "word", "bpe", "unigram", "tagged")


@pytest.mark.parametrize("name", text_tokenizers.NAMES)
def test_known_character_counts_give_the_same_tokenizer(name, corpus, build_tokenizer):
    counts = {symbol: corpus.count(symbol) for symbol in set(corpus)} | {"☃": 0}
    assert build_tokenizer(name, corpus, alphabet=counts) == build_tokenizer(name, corpus)


@pytest.mark.parametrize("name", text_tokenizers.NAMES)
@pytest.mark.parametrize("alphabet", [None, {}, {"a": 0}])
def test_an_empty_corpus_is_refused(name, alphabet):
    with pytest.raises(CorpusError, match="no text"):
        text_tokenizers.build(name, lambda: [None, ""], alphabet=alphabet)


def test_char_reads_nothing_when_the_characters_are_known():
    tokenizer = text_tokenizers.build("char", lambda: pytest.fail("read"), alphabet={"a": 1})
    assert tokenizer.vocab_size == 2


@pytest.mark.parametrize("name", ["byte", "char"])
def test_a_size_is_refused_where_it_does_not_apply(name):
    with pytest.raises(UsageError, match="does not apply"):
        text_tokenizers.build(name, lambda: ["a"], vocab_size=300)


def test_a_size_beyond_all_bounds_is_refused():
    with pytest.raises(UsageError, match="too large"):
        text_tokenizers.build("bpe", lambda: ["a"], vocab_size=2**21)


def test_an_unknown_name_is_refused():
    with pytest.raises(UsageError, match=r"'morse'.*unigram"):
        text_tokenizers.build("morse", lambda: ["a"])


def test_the_tokenizer_of_another_medium_is_refused_with_what_it_needs():
    checks.known_name("char", ("char",), needs="text")
    with pytest.raises(UsageError, match="the notes tokenizer needs MIDI"):
        checks.known_name("notes", ("char",), needs="MIDI")


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        (["a", 3], "is int, expected text"),
        ([""], "0 characters"),
        (["\ud800"], "half a character"),
        (["a", "a"], "twice"),
        (["a"] * 9, "at most 8"),
    ],
)
def test_texts_of_a_vocabulary_are_different_bounded_and_whole(entries, why):
    assert checks.distinct_texts({"pieces": ["a", "b"]}, "pieces", at_most=8) == ("a", "b")
    with pytest.raises(ModelFileError, match=why):
        checks.distinct_texts({"pieces": entries}, "pieces", at_most=8)


def test_fingerprints_tell_tokenizers_apart(built):
    assert len({registry.fingerprint(tokenizer) for tokenizer in built.values()}) == len(built)
    assert registry.fingerprint(built["byte"]) == "0c646a1a1b4b12e12b442f48819857585bf3d1ab9fba1b34779dd5f85bbb810d"


@pytest.mark.parametrize(
    "values", [None, [], "byte", 3, {}, {"name": "byte"}, {"name": "morse", "version": 1}, {"name": ["byte"], "version": 1}]
)
def test_what_is_no_tokenizer_is_refused(values):
    with pytest.raises(ModelFileError):
        registry.tokenizer_from_json(values)


@pytest.mark.parametrize("version", [0, 2, True, 1.0, "1", None])
def test_another_version_is_refused(version):
    with pytest.raises(ModelFileError, match="version"):
        registry.tokenizer_from_json({"name": "byte", "version": version, "raw_bytes": False})


@settings(max_examples=60)
@given(data=st.data())
def test_changed_json_gives_a_tokenizer_or_one_kind_of_error(tokenizer, data):
    values = copy.deepcopy(tokenizer.to_json())
    key = data.draw(st.sampled_from(sorted(values)))
    change = data.draw(st.sampled_from(["replace", "remove", "add", "within"]))
    if change == "replace":
        values[key] = data.draw(JUNK)
    elif change == "remove":
        del values[key]
    elif change == "add":
        values[data.draw(st.text(max_size=3))] = data.draw(JUNK)
    elif isinstance(values[key], list):
        values[key][data.draw(st.integers(0, len(values[key]) - 1))] = data.draw(JUNK)
    elif isinstance(values[key], str):
        place = data.draw(st.integers(0, len(values[key]) - 1))
        values[key] = values[key][:place] + data.draw(st.sampled_from("A+/=z0 é")) + values[key][place + 1 :]
    try:
        again = registry.tokenizer_from_json(values)
    except ModelFileError:
        return
    assert registry.tokenizer_from_json(json.loads(json.dumps(again.to_json()))) == again
    assert again.decode(again.encode("the tide", oov="skip")) in {
        "the tide",
        "".join(s for s in "the tide" if s not in again.unseen("the tide")),
    }
