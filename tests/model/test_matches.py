"""What followed the last time: its definition, its twins, and what networks make of it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstmgen.errors import ModelFileError
from lstmgen.model import matching, reading
from lstmgen.model.architecture import Architecture
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import LanguageModel, grown
from lstmgen.model.matches import RUNS, Matches, advance, after
from lstmgen.setting_values import orders_of

V = 7
ROOMY = Matches((1, 3), 2**16, V)
SMALL = Matches((2, 4, 5), 16, V)
every_kind = pytest.mark.parametrize("matches", [ROOMY, SMALL, Matches((2,), 1, V)], ids=["roomy", "small", "one slot"])
texts = st.lists(st.integers(0, V - 1), min_size=1, max_size=80)


def followed(ids, matches):
    """The rows behind each token by the definition, where no contexts share a slot."""
    known, found, tokens, runs, tables = V + 1, [], [], {}, {}
    for token in ids:
        if token == 0:
            tokens, runs, tables = [], {}, {}
        padded = [0] * 16 + tokens
        for order in matches.orders if token else ():
            context = order, *padded[-order:]
            runs[order] = min(runs.get(order, 0) + 1, RUNS - 1) if tables.get(context) == token else 0
            tables[context] = token
        tokens.append(token)
        rows, padded = [], [0] * 16 + tokens
        for number, order in enumerate(matches.orders):
            follows = tables.get((order, *padded[-order:]))
            rows.append(number * known + (0 if follows is None else follows + 1))
            rows.append(matches.run_row(number) + (0 if follows is None else runs.get(order, 0)))
        found.append(rows)
    return found


def stepped(ids, matches):
    memory_M = matches.start(1)[0]
    return [advance(token, memory_M, matches) for token in ids], memory_M


@given(texts)
def test_behind_each_token_stands_what_followed_the_same_tokens_the_last_time(ids):
    assert stepped(ids, ROOMY)[0] == followed(ids, ROOMY)


def test_a_text_that_comes_back_is_known_from_its_third_token_on_and_rightly():
    text = [1, 2, 3, 4, 5, 6, 2, 4]
    rows, _ = stepped([0, *text, *text], ROOMY)
    again = rows[len(text) + 3 : -1]  # behind the third token of the second time
    assert [row[2] - (V + 1) for row in again] == [token + 1 for token in text[3:]]
    assert [row[3] - ROOMY.run_row(1) for row in again] == list(range(5))


@every_kind
@given(data=st.data())
def test_windows_of_streams_are_what_their_tokens_are(matches, data):
    streams = data.draw(st.integers(1, 4))
    ids_TB = np.array(data.draw(st.lists(st.lists(st.integers(0, V - 1), min_size=streams, max_size=streams), min_size=1, max_size=90)))
    cut = data.draw(st.integers(0, len(ids_TB)))
    expected = [stepped(ids_TB[:, stream].tolist(), matches) for stream in range(streams)]
    for way in (matching.matched, matching._compiled):
        memory_BM, rows = torch.from_numpy(matches.start(streams)), []
        for part_TB in (ids_TB[:cut], ids_TB[cut:]):
            if len(part_TB):
                before_BM = memory_BM.clone()
                rows_TBR, memory_BM = way(torch.from_numpy(part_TB), given_BM := memory_BM, matches)
                assert torch.equal(given_BM, before_BM)
                rows.append(rows_TBR)
        assert torch.cat(rows).permute(1, 0, 2).tolist() == [found for found, _ in expected]
        assert memory_BM.tolist() == [memory_M.tolist() for _, memory_M in expected]


@every_kind
@given(texts, texts)
def test_memories_behind_many_tokens_are_made_at_once(matches, ids, more):
    _, memory_M = stepped([*ids, *more], matches)
    at_once_M = after(np.array(more, np.uint8), after(np.array(ids), matches.start(1)[0], matches), matches)
    orders = len(matches.orders)
    assert at_once_M[:-orders].tolist() == memory_M[:-orders].tolist()


def network_of(*, seed=1, **changes):
    values = {"vocab_size": V, "embedding_size": 8, "hidden_size": 16, "num_layers": 2, "matches": "1,3", "match_slots": 64, **changes}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LanguageModel(Architecture(**values)).eval()


def test_lanes_of_a_stream_know_what_stood_before_them():
    network, ids = network_of(), np.random.default_rng(3).integers(1, V, 9000).astype(np.uint8)
    ids[0] = 0
    whole = np.full(len(ids), np.nan)
    for places, nats in reading.surprisals(network, ids, reading.lanes(len(ids) - 1), run_in=reading.RUN_IN):
        whole[places] = nats
    with torch.inference_mode():
        logits_TBV, _ = network(torch.from_numpy(ids[:-1].astype(np.int64))[:, None], network.zero_state(1))
    expected = torch.nn.functional.cross_entropy(logits_TBV[:, 0], torch.from_numpy(ids[1:].astype(np.int64)), reduction="none").numpy()
    assert len(reading.lanes(len(ids) - 1)) > 1
    np.testing.assert_allclose(whole[1:], expected, atol=1e-5)


def test_a_token_that_only_a_device_knows_is_read_as_one_that_the_host_knows():
    fast = Decoder(network_of())
    state = other = fast.start(2)
    for ids in ([0, 0], [1, 2], [2, 1], [1, 2], [3, 1]):
        logits_BV, state = fast.step(ids, state)
        with torch.inference_mode():
            other_BV, other = fast.advance(torch.tensor(ids), other)
        torch.testing.assert_close(other_BV, logits_BV)
        assert torch.equal(other.memory_BM, state.memory_BM)


def test_gradients_reach_the_vectors_of_what_followed_and_no_others():
    network = network_of().train()
    ids_TB = torch.tensor([[0, 1, 2, 1, 2, 1]]).t()
    network(ids_TB, network.zero_state(1))[0].sum().backward()
    rows_TBR, _ = matching.matched(ids_TB, network.zero_state(1).memory_BM, network.architecture.memories)
    weight = network.matches.weight
    assert set(weight.grad.abs().sum(1).nonzero()[:, 0].tolist()) == set(rows_TBR.flatten().tolist())


def test_a_grown_network_keeps_what_it_was_told_by():
    network = network_of()
    copy = grown(network, Architecture(**{**network.architecture.to_json(), "vocab_size": V + 3}))
    ids_TB = torch.tensor([[0, 1, 2, 3, 1, 2, 3, 5, 1, 2]]).t()
    with torch.inference_mode():
        (expected, _), (found, _) = (each.eval()(ids_TB, each.zero_state(1)) for each in (network, copy))
    torch.testing.assert_close(found[..., :V], expected)


@pytest.mark.parametrize(
    "changes",
    [
        {"matches": "3,1"},
        {"matches": "1,17"},
        {"matches": "0"},
        {"matches": "1,2,3,4,5"},
        {"matches": "three"},
        {"match_slots": 48},
        {"match_slots": 0},
        {"suffix_tokens": 4},
        {"objective": "gaps"},
    ],
    ids=str,
)
def test_architectures_that_cannot_be_are_refused(changes):
    values = {**network_of().architecture.to_json(), **changes}
    with pytest.raises(ModelFileError):
        Architecture.from_json(values)


def test_a_file_of_before_says_nothing_of_it():
    values = network_of().architecture.to_json()
    del values["matches"], values["match_slots"]
    assert Architecture.from_json(values).memories is None


def test_orders_are_read_and_mistakes_are_told():
    assert orders_of("3,6") == (3, 6)
    for words in ("", "6,3", "3,3", "a", "1,2,3,4,5", "99"):
        with pytest.raises(ValueError, match="expected"):
            orders_of(words)
