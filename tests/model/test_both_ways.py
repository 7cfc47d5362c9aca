"""Reading from right to left, and tokens of gaps: every fast way beside its slow twin, and what a prediction may know."""

import numpy as np
import pytest
import torch

from lstmgen.choices import cell_names
from lstmgen.ids import BOUNDARY_ID
from lstmgen.model.both_ways import UNKNOWN, turned
from lstmgen.model.gaps import gap_logits, in_gaps
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.training import gaps
from lstmgen.training.streams import IGNORED

T, B, V, E, H, L = 12, 3, 13, 6, 5, 2


def build(**changes):
    torch.manual_seed(4)
    values = {"vocab_size": V, "embedding_size": E, "hidden_size": H, "num_layers": L, "objective": "gaps", **changes}
    network = LanguageModel(Architecture(**values)).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return network.train(), torch.randint(1, V, (T, B))


def by_equations(network, ids_TB):
    """What the layers that read from right to left make of whole streams, one token after the other, the last one first."""
    x_TBI = network.embedding(ids_TB.flip(0))
    states = [[torch.zeros(B, *shape, dtype=x_TBI.dtype) for shape in layer.cell.state(H)] for layer in network.back.layers]
    outputs = []
    for x_BI in x_TBI:
        for place, (layer, norm) in enumerate(zip(network.back.layers, network.back.norms, strict=True)):
            y_BH, states[place], _ = layer.cell.equations(norm(x_BI), tuple(states[place]), layer.weights)
            x_BI = x_BI + y_BH if x_BI.shape == y_BH.shape else y_BH  # noqa: PLW2901 - as in the network
        outputs.append(network.back.norm(x_BI))
    return torch.stack(outputs).flip(0)


@pytest.mark.parametrize("cell", cell_names())
def test_reading_from_right_to_left_is_the_cells_equations_from_the_last_token_on_and_so_are_its_gradients(cell):
    network, ids_TB = build(cell=cell)
    weighing = torch.randn(T, B, H, dtype=torch.float64)
    found = []
    for read in (lambda: network.read_back(ids_TB, torch.full((B,), T)), lambda: by_equations(network, ids_TB)):
        network.zero_grad()
        back_TBH = read()
        (back_TBH * weighing).sum().backward()
        parameters = [*network.back.parameters(), network.embedding.weight]
        found.append([back_TBH.detach(), *(parameter.grad.clone() for parameter in parameters)])
    for fast, slow in zip(*found, strict=True):
        assert torch.allclose(fast, slow, rtol=0, atol=1e-10)


def test_what_is_behind_the_end_of_a_stream_is_not_read_before_it():
    network, ids_TB = build()
    length_B = torch.tensor([T, 5, 1])
    together = network.read_back(ids_TB, length_B)
    for column, length in enumerate(length_B.tolist()):
        alone = network.read_back(ids_TB[:length, column : column + 1], torch.tensor([length]))
        assert torch.allclose(together[:length, column], alone[:, 0], rtol=0, atol=1e-12)
    assert torch.equal(turned(turned(together, length_B), length_B), together)


@pytest.mark.parametrize("left", [UNKNOWN, 2])
def test_a_token_of_a_gap_is_predicted_from_both_sides_and_the_gaps_own_earlier_tokens_and_from_nothing_else(left):
    network, ids_TB = build()
    row, edge = 4, 7  # the token at 5, in a gap that ends before 8

    def predicted(ids_TB):
        where = [torch.tensor([number]) for number in (row, edge, 0, left)]
        rows_N, edges_N, columns_N, left_N = where
        return gap_logits(
            network.eval(), ids_TB, torch.full((B,), T - 1), rows_N=rows_N, edges_N=edges_N, columns_N=columns_N, left_N=left_N
        )

    before = predicted(ids_TB)
    for place in range(T):
        changed = ids_TB.clone()
        changed[place, 0] = changed[place, 0] % (V - 1) + 1
        assert torch.equal(predicted(changed), before) == (5 <= place < 8), place


def test_what_is_trained_is_what_is_measured(monkeypatch):
    monkeypatch.setattr(gaps, "_END_SHARE", 0.4)
    network, ids_TB = build(dropout=0.0)
    inputs_TB, targets_TB = ids_TB[:-1], ids_TB[1:].clone()
    targets_TB[-1, 0], targets_TB[3, 1] = BOUNDARY_ID, IGNORED  # one stream ends here, and one token is told
    torch.manual_seed(7)
    asked = gaps.GAPS.asked(network, inputs_TB, targets_TB, network.zero_state(B), 0)
    torch.manual_seed(7)
    room_TB = torch.tensor([T - 2, T - 1 - 5, T - 1 - 5]) - torch.arange(T - 1)[:, None]
    whole_TB, seen = torch.cat([inputs_TB, targets_TB[-1:]]), set()
    for part, known in enumerate((True, False)):
        left_TB, fits_TB = gaps._left(room_TB, ends=not known)
        for row, column in np.ndindex(T - 1, B):
            target, end, left = (int(each[row, column]) for each in (asked.targets[part], asked.ends[part], left_TB))
            there = bool(fits_TB[row, column]) and (left == 0 or (row, column) != (3, 1))
            assert end == (IGNORED if known or not there else int(left == 0))
            assert target == (int(whole_TB[row + 1, column]) if there and left > 0 else IGNORED)
            if there:
                where = [torch.tensor([number]) for number in (row, row + left, column, left if known else UNKNOWN)]
                named = dict(zip(("rows_N", "edges_N", "columns_N", "left_N"), where, strict=True))
                slow = gap_logits(network, whole_TB, torch.full((B,), T - 1), **named)
                assert torch.allclose(network.head(asked.hidden[part, row, column]), slow[0], rtol=0, atol=1e-10)
                seen.add((known, left > 0))
    assert len(seen) == 3
    from_behind, from_before = asked.targets[2:].unbind()
    assert torch.equal(from_before, targets_TB)
    back_TBH, known_TB = network.read_back(whole_TB[1:], torch.full((B,), T - 1)), from_behind != IGNORED
    assert torch.equal(from_behind[known_TB], whole_TB[1:][known_TB])
    assert torch.equal(known_TB, (targets_TB != IGNORED) & (torch.arange(T - 1)[:, None] < T - 2))
    assert torch.allclose(asked.hidden[2, :-1], back_TBH[1:], rtol=0, atol=1e-12)


def test_every_token_that_is_asked_for_is_in_one_gap():
    network, _ = build()
    random = np.random.default_rng(0)
    items = [(np.concatenate([[0], random.integers(1, V, size), [0]]), low, high) for size, low, high in ((9, 1, 10), (4, 2, 5), (1, 1, 2))]
    together = list(in_gaps(network, items, gap=3))
    found = np.concatenate([ids for ids, _ in together])
    assert sorted(found.tolist()) == sorted(token for ids, low, high in items for token in ids[low:high].tolist())
    alone = [nats for item in items for _, nats in in_gaps(network, [item], gap=3)]
    assert np.sort(np.concatenate(alone)) == pytest.approx(np.sort(np.concatenate([nats for _, nats in together])), abs=1e-6)
