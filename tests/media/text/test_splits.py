"""Where training ends and validation begins."""

import random

import pytest

from lstmgen.corpus.locate import locate
from lstmgen.errors import UsageError
from lstmgen.media.text import documents
from lstmgen.media.text.documents import Corpus
from lstmgen.media.text.splits import spans, split_at


def gather(specs, *, kept=None, cache=None, **options):
    """The documents that the specs name."""
    return documents.gather(list(locate(specs, kept={"-": kept} if kept else None, cache=cache)), **options)


def test_with_a_tenth_held_out_the_first_nine_tenths_train_rounded_down():
    generator = random.Random(7)
    for chars in (*range(2, 3000), 1_115_394, *(generator.randrange(1, 10**12) for _ in range(2000))):
        assert split_at(chars, 0.1) == int(0.9 * chars) == chars * 9 // 10
    assert split_at(1_115_394, 0.1) == 1_003_854


@pytest.mark.parametrize(
    ("chars", "val_frac", "training"),
    [
        (100, 0.3, 70),  # in floats (1 - 0.3) * 10 is 7.000000000000001 and (1 - 0.9) * 10 is 0.9999999999999998
        (10, 0.9, 1),
        (1000, 0.001, 999),
        (7, 0.5, 3),
        (10, 0.0, 10),
        (50, 1e-9, 49),
        (0, 0.1, 0),
        (1, 0.1, 1),
        (9, 0.9, 9),
    ],
)
def test_the_share_means_the_decimal_number_that_was_written(chars, val_frac, training):
    assert split_at(chars, val_frac) == training


@pytest.mark.parametrize("val_frac", [-0.1, 1.0, 2.0, float("nan"), float("inf")])
def test_a_share_outside_its_range_is_a_usage_error(val_frac):
    with pytest.raises(UsageError, match="val_frac"):
        split_at(10, val_frac)


@pytest.fixture
def corpus(tmp_path, monkeypatch) -> Corpus:
    monkeypatch.chdir(tmp_path)
    for name, text in {"a": "0123456789abcdefghijk", "b": "x", "c": "yz"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return gather(["a", "b", "c"])


@pytest.mark.parametrize("val_frac", [0.0, 0.1, 0.25, 0.9])
def test_the_parts_of_every_document_make_up_the_document(corpus, val_frac):
    training, validation = spans(corpus, val_frac)
    for document in corpus.files:
        own = [span for span in (*training, *validation) if span.file == document]
        assert "".join(text for span in own for text in corpus.read(document, span.start, span.stop)) == "".join(corpus.read(document))
        assert all(span.start < span.stop for span in own)


def test_the_held_out_part_is_the_end_and_what_is_too_short_trains_as_a_whole(corpus):
    training, validation = spans(corpus, 0.1)
    assert [(span.file.name, span.start, span.stop) for span in training] == [("a", 0, 18), ("b", 0, 1), ("c", 0, 1)]
    assert [(span.file.name, span.start, span.stop) for span in validation] == [("a", 18, 21), ("c", 1, 2)]
    assert spans(corpus, 0.0)[1] == ()
