"""Surprisals of texts and token files."""

import math

import numpy as np
import pytest
import torch
from lstmgen.analysis.scoring import score, score_text, score_token_file

from lstmgen.corpus.token_file import TokenFile
from lstmgen.corpus.token_writer import write_token_file
from lstmgen.errors import InputError, UsageError
from lstmgen.media import tokenizers
from lstmgen.model.language_model import Architecture, LanguageModel

CHAR = tokenizers.build("char", lambda: iter(["abcdefgh\né"]))


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return LanguageModel(Architecture(vocab_size=CHAR.vocab_size, embedding_size=5, hidden_size=7, num_layers=2, dropout=0.5)).double()


def ids_of(count, seed=0):
    return np.concatenate([[0], np.random.default_rng(seed).integers(1, CHAR.vocab_size, count)])


def by_hand(network, ids, window=None):
    """One token after the other, from an empty state at the beginning and after every `window` inputs."""
    network.eval()
    nats, state = [], network.zero_state(1)
    for place in range(len(ids) - 1):
        if window is not None and place % window == 0:
            state = network.zero_state(1)
        with torch.inference_mode():
            logits_TBV, state = network(torch.tensor([[int(ids[place])]]), state)
        nats.append(-float(logits_TBV[0, 0].log_softmax(0)[int(ids[place + 1])]))
    return nats


def token_file_of(texts, tmp_path):
    path = tmp_path / "tokens"
    write_token_file(path, ([text] for text in texts), CHAR, corpus_sha256="0" * 64, part="val")
    return TokenFile.open(path)


@pytest.mark.parametrize("count", [1, 5, 6, 7, 20, 47])
def test_without_a_window_the_state_runs_through_the_text(network, count):
    ids = ids_of(count)
    assert score(network, ids).tolist() == pytest.approx(by_hand(network, ids), rel=1e-10)


@pytest.mark.parametrize("window", [1, 3, 6, 7, 8, 46, 47, 48, 1000])
def test_with_a_window_every_piece_starts_empty_and_every_token_is_counted_once(network, window):
    ids = ids_of(47)
    assert score(network, ids, window=window).tolist() == pytest.approx(by_hand(network, ids, window), rel=1e-10)


def test_a_window_changes_the_figure(network):
    ids = ids_of(30)
    assert score(network, ids, window=4).tolist() != pytest.approx(score(network, ids).tolist(), rel=1e-6)


@pytest.mark.parametrize("window", [None, 3])
def test_documents_side_by_side_score_as_each_alone(network, tmp_path, window):
    texts = ["abcabcabc", "é", "hgfe\ndcba" * 3, "a", "\n", "ffffffff", "bad", "cab" * 9]
    result = score_token_file(network, token_file_of(texts, tmp_path), window=window, tokenizer=CHAR)
    alone = [score(network, np.concatenate([[0], CHAR.encode(text)]), window=window) for text in texts]
    for (ids, nats), text, expected in zip(result.detail.documents, texts, alone, strict=True):
        assert CHAR.decode(ids) == text
        assert nats.tolist() == pytest.approx(expected.tolist(), rel=1e-10)
    whole = "".join(texts)
    assert (result.tokens, result.chars, result.bytes) == (len(whole), len(whole), len(whole.encode()))
    assert result.nats_per_token * result.tokens == pytest.approx(sum(nats.sum() for nats in alone))


def test_no_boundary_is_counted(network, tmp_path):
    texts = ["abc", "de", "fgh"]
    token_file = token_file_of(texts, tmp_path)
    assert len(token_file.ids) == 11
    assert score_token_file(network, token_file).tokens == 8


def test_the_score_of_a_text_counts_all_its_characters(network):
    text = "abc\ndeé"
    ids = CHAR.encode(text)
    result = score_text(network, CHAR, ids, chars=7, bytes_=8)
    nats = by_hand(network, [0, *ids])
    assert (result.tokens, result.chars, result.bytes) == (7, 7, 8)
    assert result.nats_per_token == pytest.approx(sum(nats) / 7)
    assert result.perplexity == pytest.approx(math.exp(sum(nats) / 7))
    assert result.nats_per_char == result.nats_per_token
    assert result.bits_per_byte == pytest.approx(sum(nats) / math.log(2) / 8)
    assert [row.nats for row in result.per_token()] == pytest.approx(nats)
    assert [row.text for row in result.lines()] == ["abc", "deé"]


def test_scoring_is_without_dropout_and_leaves_the_training_mode_as_it_was(network):
    ids = ids_of(20)
    network.train()
    first, second = score(network, ids), score(network, ids)
    assert first.tolist() == second.tolist()
    assert network.training
    network.eval()


def test_scoring_draws_from_no_generator(network):
    state = torch.get_rng_state()
    score(network, ids_of(20), window=3)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("window", [None, 4])
def test_progress_ends_at_the_number_of_tokens(network, window):
    told = []
    score(network, ids_of(33), window=window, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (33, 33)
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert {total for _, total in told} == {33}


@pytest.mark.parametrize("window", [0, -1, 1.5, True, "8"])
def test_a_window_that_is_no_size_is_a_usage_error(network, window):
    with pytest.raises(UsageError, match="window"):
        score(network, ids_of(3), window=window)


def test_nothing_to_score_is_refused(network, tmp_path):
    with pytest.raises(InputError, match="empty"):
        score_text(network, CHAR, CHAR.encode(""), chars=0, bytes_=0)
    with pytest.raises(InputError, match="no token"):
        score_token_file(network, token_file_of(["", ""], tmp_path))
    assert score(network, np.array([0])).tolist() == []


def test_empty_documents_between_others_count_nothing(network, tmp_path):
    result = score_token_file(network, token_file_of(["abc", "", "de"], tmp_path), tokenizer=CHAR)
    assert result.tokens == 5
    assert [len(ids) for ids, _ in result.detail.documents] == [3, 0, 2]
