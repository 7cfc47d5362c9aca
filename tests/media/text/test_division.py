"""Files become documents by a rule, however their text comes in chunks."""

import random

import pytest

from lstmgen import limits
from lstmgen.config import DataConfig
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.text.division import Division

LINES, BLOCKS = Division("line"), Division("blank-line")


def documents(division, *chunks):
    return [text for texts in division.divided(chunks) for text in texts]


@pytest.mark.parametrize(
    ("division", "text", "expected"),
    [
        (LINES, "Anna\nBen\n", ["Anna", "Ben"]),
        (LINES, "Anna\n\n \n\tBen ", ["Anna", "\tBen "]),
        (LINES, "Anna\r\nBen\rCy", ["Anna", "Ben", "Cy"]),
        (LINES, "\n \n", []),
        (BLOCKS, "one\ntwo\n\nthree\n", ["one\ntwo", "three"]),
        (BLOCKS, "\n\none\n\n\n \t\n  two\n\n", ["one", "  two"]),
        (BLOCKS, "one\r\n\r\ntwo", ["one", "two"]),
        (BLOCKS, "one\n two", ["one\n two"]),
        (Division(separator="\n%\n"), "50 % off\n%\nsecond\nline\n%\n", ["50 % off", "second\nline"]),
        (Division(separator="<|end|>"), "one<|end|>\ntwo\n<|end|>", ["one", "two"]),
        (Division(separator="."), "a.b.*", ["a", "b", "*"]),
    ],
)
def test_a_rule_sets_documents_apart(division, text, expected):
    assert documents(division, text) == expected


@pytest.mark.parametrize("division", [LINES, BLOCKS, Division(separator="aa"), Division(separator="\n-\n")])
def test_documents_do_not_depend_on_how_the_text_is_cut_into_chunks(division):
    generator = random.Random(5)
    for _ in range(300):
        text = "".join(generator.choices("ab \n\r-", k=generator.randrange(1, 40)))
        cuts = sorted(generator.choices(range(len(text) + 1), k=5))
        chunks = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert documents(division, *chunks) == documents(division, text)


def test_a_document_beyond_all_measure_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "MAX_DOCUMENT_CHARS", 10)
    with pytest.raises(CorpusError, match="longer than 10") as caught:
        documents(LINES, "a\n", "b" * 11, "\n")
    assert "--documents file" in caught.value.remedy


def test_the_rule_is_what_the_settings_say_and_they_may_say_one():
    assert not Division.of(DataConfig()).divides
    assert Division.of(DataConfig(documents="line")) == LINES
    assert Division.of(DataConfig(separator="%")).divides
    for data in (DataConfig(separator=""), DataConfig(documents="line", separator="%")):
        with pytest.raises(UsageError, match="--separator"):
            Division.of(data)
