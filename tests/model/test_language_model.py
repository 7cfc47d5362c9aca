"""The network as a whole: shapes, the state as a value, truncation."""

from dataclasses import replace

import pytest
import torch

from lstmgen.errors import ModelFileError
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel, grown
from lstmgen.model.state import State

T, B, V, E, H, L = 11, 3, 13, 6, 5, 2


def build(seed=0, **changes):
    torch.manual_seed(seed)
    values = {"vocab_size": V, "embedding_size": E, "hidden_size": H, "num_layers": L, **changes}
    network = LanguageModel(Architecture(**values)).double().eval()
    ids_TB = torch.randint(values["vocab_size"], (T, B))
    return network, ids_TB


VARIANTS = [
    {},
    {"cell": "gru"},
    {"cell": "rnn", "layer_norm": False},
    {"residual": False, "num_layers": 3},
    {"tied": True, "embedding_size": H},
    {"layer_norm": False, "embedding_size": H},
]


@pytest.mark.parametrize("changes", VARIANTS)
def test_stored_tensors_have_the_shapes_that_the_architecture_predicts(changes):
    network, _ = build(**changes)
    assert {name: tuple(tensor.shape) for name, tensor in network.tensors().items()} == network.architecture.shapes()
    assert network.architecture.num_parameters == sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("changes", VARIANTS)
def test_a_whole_sequence_and_its_chunks_with_the_state_carried_give_equal_logits(changes):
    network, ids_TB = build(**changes)
    whole_TBV, after_whole = network(ids_TB, network.zero_state(B))
    state, parts = network.zero_state(B), []
    for chunk_TB in ids_TB.split([1, 4, 6]):
        logits_TBV, state = network(chunk_TB, state)
        parts.append(logits_TBV)
    assert torch.allclose(torch.cat(parts), whole_TBV, rtol=0, atol=1e-12)
    for whole, chunked in zip(after_whole.tensors().values(), state.tensors().values(), strict=True):
        assert torch.allclose(whole, chunked, rtol=0, atol=1e-12)


@pytest.mark.parametrize("changes", VARIANTS)
def test_the_network_equals_its_slow_twin(changes):
    network, ids_TB = build(**changes)
    logits_TBV, _ = network(ids_TB, network.zero_state(B))
    traced_TBV, _, gates_LT = network.trace(ids_TB, network.zero_state(B))
    assert torch.allclose(logits_TBV, traced_TBV, rtol=0, atol=1e-10)
    assert [len(gates_T) for gates_T in gates_LT] == [T] * network.architecture.num_layers


def test_no_gradient_flows_past_a_detached_state():
    network, ids_TB = build()
    _, state = network(ids_TB, network.zero_state(B))
    assert all(tensor.requires_grad for tensor in state.tensors().values())
    assert not any(tensor.requires_grad for tensor in state.detach().tensors().values())


def test_logits_depend_on_the_past_and_never_on_the_future():
    network, ids_TB = build()
    base_TBV, _ = network(ids_TB, network.zero_state(B))
    changed_TB = ids_TB.clone()
    changed_TB[6] = (changed_TB[6] + 1) % V
    other_TBV, _ = network(changed_TB, network.zero_state(B))
    assert torch.equal(base_TBV[:6], other_TBV[:6])
    assert (base_TBV[6:] != other_TBV[6:]).any(dim=(1, 2)).all()


def test_streams_do_not_influence_each_other():
    network, ids_TB = build()
    together_TBV, state = network(ids_TB, network.zero_state(B))
    alone_TBV, alone_state = network(ids_TB[:, 1:2], network.zero_state(1))
    assert torch.allclose(together_TBV[:, 1:2], alone_TBV, rtol=0, atol=1e-12)
    chosen = state.select(torch.tensor([1]))
    for one, other in zip(chosen.tensors().values(), alone_state.tensors().values(), strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-12)


def test_dropout_leaves_out_the_same_units_for_a_whole_window_and_keeps_the_mean():
    network, _ = build(dropout=0.25)
    network.train()
    ones_TBH = torch.ones(T, 400, 50)
    dropped_TBH = network._drop(ones_TBH)
    assert dropped_TBH.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
    assert (dropped_TBH == dropped_TBH[:1]).all()
    assert dropped_TBH[0].mean().item() == pytest.approx(1.0, abs=0.02)
    network.eval()
    assert network._drop(ones_TBH) is ones_TBH


def test_state_survives_being_named_and_back_and_zeroes_only_marked_streams():
    network, ids_TB = build()
    _, state = network(ids_TB, network.zero_state(B))
    again = State.from_tensors(state.tensors())
    assert all(torch.equal(one, other) for one, other in zip(state.tensors().values(), again.tensors().values(), strict=True))
    zeroed = state.zero_where(torch.tensor([False, True, False]))
    for before, after in zip(state.tensors().values(), zeroed.tensors().values(), strict=True):
        assert (after[1] == 0).all()
        assert torch.equal(after[[0, 2]], before[[0, 2]])


def test_architecture_survives_json():
    architecture = Architecture(vocab_size=V, embedding_size=E, hidden_size=H, num_layers=L, cell="gru", dropout=0.25, residual=False)
    assert Architecture.from_json(architecture.to_json()) == architecture


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_size": 10**9},
        {"hidden_size": True},
        {"hidden_size": "5"},
        {"hidden_size": -1},
        {"num_layers": 100_000},
        {"vocab_size": 2**31},
        {"dropout": 5},
        {"dropout": float("nan")},
        {"cell": "os.system"},
        {"tied": True},
        {"tied": 1},
        {"surprise": 1},
        {"hidden_size": 16_384, "num_layers": 64},
    ],
)
def test_an_architecture_out_of_bounds_is_refused(changes):
    values = Architecture(vocab_size=V, embedding_size=E, hidden_size=H, num_layers=L).to_json() | changes
    with pytest.raises(ModelFileError):
        Architecture.from_json(values)


def test_an_architecture_with_a_field_missing_is_refused():
    values = Architecture(vocab_size=V, embedding_size=E, hidden_size=H, num_layers=L).to_json()
    del values["cell"]
    with pytest.raises(ModelFileError):
        Architecture.from_json(values)


@pytest.mark.parametrize("changes", [{}, {"tied": True, "embedding_size": H}])
def test_growing_the_vocabulary_keeps_every_old_row(changes):
    network, ids_TB = build(**changes)
    larger = grown(network, replace(network.architecture, vocab_size=V + 4)).eval()
    old_TBV, _ = network(ids_TB, network.zero_state(B))
    new_TBV, _ = larger(ids_TB, larger.zero_state(B))
    assert new_TBV.shape[2] == V + 4
    assert torch.allclose(new_TBV[..., :V], old_TBV, rtol=0, atol=1e-12)


@pytest.mark.parametrize("changes", [{}, {"tied": True, "embedding_size": H}])
def test_sentinels_are_read_and_never_predicted_and_plain_order_knows_nothing_of_them(changes):
    network, ids_TB = build(suffix_tokens=4, **changes)
    plain, _ = build(**changes)
    plain.load_state_dict({name: tensor for name, tensor in network.state_dict().items() if name in plain.state_dict()})
    logits_TBV, _ = network(ids_TB, network.zero_state(B))
    assert torch.equal(logits_TBV, plain(ids_TB, plain.zero_state(B))[0])
    read_TBV = [network(torch.full((T, B), V + place), network.zero_state(B))[0] for place in range(2)]
    assert read_TBV[0].shape == (T, B, V)
    assert not torch.allclose(*read_TBV)
    with pytest.raises(IndexError):
        Decoder(network).step([V], network.zero_state(1))


def test_a_copy_gets_new_parts_and_loses_those_it_has_not():
    network, ids_TB = build()
    with_sentinels = grown(network, replace(network.architecture, suffix_tokens=4))
    assert with_sentinels.tensors().keys() - network.tensors().keys() == {"sentinels.weight", "end.weight", "end.bias"}
    again = grown(with_sentinels, network.architecture)
    assert torch.equal(network(ids_TB, network.zero_state(B))[0], again(ids_TB, again.zero_state(B))[0])
