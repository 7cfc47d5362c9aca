from itertools import pairwise

import pytest

from lstmgen.media.text import sampling


@pytest.fixture(autouse=True)
def small_windows(monkeypatch):
    monkeypatch.setattr(sampling, "WINDOW_CHARS", 10)


def chunks(text, size):
    return lambda: [None, "", *(text[start : start + size] for start in range(0, len(text), size)), None]


TEXT = "".join(chr(0x3000 + number) for number in range(995))


def test_characters_are_counted_over_all_chunks():
    assert sampling.count_characters(chunks("abracadabra", 3)) == {"a": 5, "b": 2, "r": 2, "c": 1, "d": 1}


def test_a_corpus_within_the_limit_comes_whole():
    assert "".join(sampling.sample(chunks(TEXT, 7), total_chars=995, limit_chars=995)) == TEXT


def test_a_sample_does_not_depend_on_how_the_corpus_is_cut():
    samples = {tuple(sampling.sample(chunks(TEXT, size), total_chars=995, limit_chars=300)) for size in (1, 7, 10, 400, 2000)}
    assert len(samples) == 1


def test_a_sample_has_about_the_size_asked_for_and_is_spread_evenly():
    windows = list(sampling.sample(chunks(TEXT, 33), total_chars=995, limit_chars=250))
    assert 240 <= sum(map(len, windows)) <= 260
    starts = [TEXT.index(window) for window in windows]
    gaps = {later - earlier for earlier, later in pairwise(starts)}
    assert gaps <= {30, 40, 50}
