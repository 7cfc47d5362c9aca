"""Gaps in texts: where they are, how long what is written may be, and what stays as it is."""

import numpy as np
import pytest
from conftest import case_of

from lstmgen.config import DataConfig
from lstmgen.errors import InputError, UnseenSymbolError, UsageError
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.text import tokenizers
from lstmgen.media.text.exact import ExactText
from lstmgen.media.text.medium import MEDIUM

TEXT = "the lazy ___ dog\r\nran over\r\nthe ___\r\n"


def gapped(name, text, data=None, **options):
    tokenizer = name if not isinstance(name, str) else case_of(name).tokenizer
    return MEDIUM.gapped(tokenizer, text, options, data or DataConfig())


def written(filling, text):
    """A filling in which a text is written, each of its ids allowed."""
    tokenizer = filling._letters.tokenizer
    for token in tokenizer.encode(text).tolist():
        assert filling.allowed()[token]
        filling.push(token)
    return filling


def test_several_gaps_are_filled_in_order_and_the_rest_stays_with_its_line_ends():
    found = gapped("char", TEXT, length="1:9")
    assert found.count == 2
    first = found.gap([])
    filled = [written(first.filling(), "fox\njumps")]
    tokenizer = case_of("char").tokenizer
    assert tokenizer.decode(first.before) == "the lazy "
    assert tokenizer.decode(first.after) == " dog\nran over\nthe "
    second = found.gap(filled)
    assert tokenizer.decode(second.before) == "the lazy fox\njumps dog\nran over\nthe "
    filled.append(written(second.filling(), "end"))
    outcome = found.outcome(filled)
    assert outcome.item == "the lazy fox\r\njumps dog\r\nran over\r\nthe end\r\n"
    assert outcome.facts["gaps"] == [{"begin": 9, "text": "fox\njumps"}, {"begin": 39, "text": "end"}]
    assert outcome.item[39:42] == "end"


@pytest.mark.parametrize("name", ["char", "byte", "bpe"])
def test_what_is_written_is_so_many_characters_long_and_each_is_whole(name):
    random = np.random.default_rng(1)
    for seed in range(30):
        filling = gapped(name, "the ___ dog", length="2:4").gap([]).filling()
        while not filling.ended:
            allowed = np.flatnonzero(filling.allowed())
            assert len(allowed)
            assert BOUNDARY_ID not in allowed
            filling.fork().push(int(allowed[0]))
            filling.push(int(random.choice(allowed)))
            assert filling.complete == (len(filling.shown()) >= 2 and not filling._open)
        assert len(filling.shown()) == 4, seed


def test_places_take_the_place_of_a_mark_and_what_stood_there_says_how_long_it_is():
    found = gapped("char", "the quick brown fox", at=("16:19", "4:9"))
    gap = found.gap([])
    assert case_of("char").tokenizer.decode(gap.true()) == "quick"
    assert (gap.lengths.least, gap.lengths.most) == (5, 5)
    filled = [written(gap.filling(), "lazy ")]
    filled.append(written(found.gap(filled).filling(), "dog"))
    assert found.outcome(filled).item == "the lazy  brown dog"
    assert gapped("char", "the", at="3:3").gap([]).true() is None


def test_of_a_model_of_lines_a_gap_lies_in_one_document_whose_end_follows_it():
    data = DataConfig(documents="line")
    tokenizer = tokenizers.build("char", lambda: iter(["the fox\ndog"]))
    gap = gapped(tokenizer, "the dog\nthe ___ox\nfox", data).gap([])
    assert tokenizer.decode(gap.before) == "the "
    assert (tokenizer.decode(gap.after), int(gap.after[-1])) == ("ox", BOUNDARY_ID)
    last = gapped(tokenizer, "the dog\nthe ___", data).gap([])
    assert last.after.tolist() == [BOUNDARY_ID]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gap": "..."}, "no gap: '...' stands nowhere"),
        ({"gap": ""}, "no gap"),
        ({"gap": "___", "at": "1:2"}, "both say"),
        ({"at": "5"}, "expected BEGIN:END"),
        ({"at": "9:5"}, "expected BEGIN:END"),
        ({"at": "0:999"}, "within the 37 characters"),
        ({"at": ("0:5", "4:6")}, "overlap"),
        ({"length": "0"}, "--length 0"),
        ({"length": "5:3"}, "--length 5:3"),
        ({"length": "many"}, "--length many"),
        ({"length": "1:99999"}, "--length 1:99999"),
        ({"oov": "what"}, "--oov"),
        ({"bars": "5-8"}, "no option bars"),
    ],
)
def test_what_is_no_gap_is_named(options, words):
    with pytest.raises(UsageError, match=words.replace("...", r"\.\.\.")):
        gapped("char", TEXT, **options)


def test_unseen_symbols_around_a_gap_are_treated_as_was_asked():
    with pytest.raises(UnseenSymbolError):
        gapped("char", "th\u00eb ___ dog")
    found = gapped("char", "th\u00eb ___ dog", oov="skip")
    assert "left out" in found.notes[0]
    assert found.outcome([written(found.gap([]).filling(), "fox")]).item == "th\u00eb fox dog"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"\xef\xbb\xbfa\r\nb\rc\n", "utf-8"),
        (b"bad \xff bytes \xc3", "utf-8"),
        ("na\u00efve".encode("cp1252"), "cp1252"),
        ("\ufeffna\u00efve".encode("utf-16-le"), "utf-16"),
        ("\ufeffna\u00efve".encode("utf-16-be"), "utf-16"),
        ("\u65e5\u672c".encode("shift_jis"), "shift_jis"),
        (b"", "utf-8"),
    ],
)
def test_a_file_is_written_back_byte_for_byte(content, encoding):
    found = ExactText.of(content, encoding=encoding, name="FILE")
    assert found.to_bytes(found.text) == content
    assert found.to_bytes(found.text + "?").endswith("?".encode(found.encoding))
    if encoding == "cp1252":
        assert found.to_bytes("\u65e5a") == b"?a"


def test_what_is_no_text_or_could_not_be_written_back_is_refused():
    with pytest.raises(InputError, match="MIDI"):
        ExactText.of(b"MThd\0\0\0\6", encoding="utf-8", name="tune.mid")
    with pytest.raises(InputError):
        ExactText.of(b"a\0b", encoding="utf-16", name="FILE")
    with pytest.raises(InputError, match="cannot be written back"):
        ExactText.of(b"+AGEAYg-", encoding="utf-7", name="FILE")
    with pytest.raises(UsageError):
        ExactText.of(b"a", encoding="nonsense", name="FILE")
