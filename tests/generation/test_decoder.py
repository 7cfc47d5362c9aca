"""The decoder against its twin, the plain model."""

import pytest
import torch

from lstmgen.generation import decoder as decoder_module
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel


def network_of(*, seed=0, dtype=torch.float32, **changes):
    values = {"vocab_size": 11, "embedding_size": 5, "hidden_size": 7, "num_layers": 3, **changes}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = LanguageModel(Architecture(**values))
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
    return network.to(dtype).eval()


SHAPES = [
    {"layer_norm": norm, "residual": residual, "tied": tied, "embedding_size": 7 if tied else 5}
    for norm in (True, False)
    for residual in (True, False)
    for tied in (True, False)
] + [{"clock_period": 4, "clock_low": 2, "clock_high": 6}]
IDS = [0, 3, 10, 1, 1, 7, 4, 9, 2, 6, 5, 8]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_steps_equal_the_model_on_every_cell_and_shape(cell, shape):
    network = network_of(cell=cell, **shape, dtype=torch.float64)
    fast = Decoder(network)
    carried, state = fast.start(), network.zero_state(1)
    for token in IDS:
        logits_V, carried = fast.step(token, carried)
        with torch.inference_mode():
            expected_TBV, state = network(torch.tensor([[token]]), state)
        torch.testing.assert_close(logits_V, expected_TBV[0, 0], rtol=1e-11, atol=1e-11)
        for parts, expected in zip(carried.layers, fast.carried(state).layers, strict=True):
            assert len(parts) == len(expected)
            for part_H, expected_H in zip(parts, expected, strict=True):
                torch.testing.assert_close(part_H, expected_H, rtol=1e-11, atol=1e-11)


def test_in_fp32_steps_stay_within_1e_5_of_the_model_over_a_long_text():
    network = network_of(vocab_size=50, embedding_size=24, hidden_size=40)
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(50, (400,), generator=generator)
    with torch.inference_mode():
        expected_TBV, _ = network(ids.unsqueeze(1), network.zero_state(1))
    fast = Decoder(network)
    carried = fast.start()
    for token, expected_V in zip(ids.tolist(), expected_TBV[:, 0], strict=True):
        logits_V, carried = fast.step(token, carried)
        assert float((logits_V - expected_V).abs().max()) < 1e-5


def test_without_the_table_of_input_products_the_numbers_are_the_same(monkeypatch):
    network = network_of(dtype=torch.float64)
    with_table = Decoder(network)
    monkeypatch.setattr(decoder_module, "_MAX_TABLE_NUMBERS", 0)
    without = Decoder(network)
    assert with_table._table_VG is not None
    assert without._table_VG is None
    one, other = with_table.start(), without.start()
    for token in IDS:
        logits_V, one = with_table.step(token, one)
        others_V, other = without.step(token, other)
        torch.testing.assert_close(logits_V, others_V, rtol=1e-12, atol=1e-12)


def test_reading_a_prompt_equals_stepping_through_it():
    network = network_of(dtype=torch.float64)
    fast = Decoder(network)
    read_V, read_state = fast.read(IDS, fast.start())
    carried = fast.start()
    for token in IDS:
        logits_V, carried = fast.step(token, carried)
    torch.testing.assert_close(read_V, logits_V, rtol=1e-11, atol=1e-11)
    assert read_state.clock == carried.clock
    torch.testing.assert_close(read_state.layers, carried.layers, rtol=1e-11, atol=1e-11)


def test_a_step_changes_nothing_that_it_was_given():
    fast = Decoder(network_of())
    _, before = fast.step(3, fast.start())
    copies = [[part_H.clone() for part_H in layer] for layer in before.layers]
    kept_V, _ = fast.step(5, before)
    kept = kept_V.clone()
    fast.step(7, before)
    again_V, _ = fast.step(5, before)
    assert torch.equal(kept_V, kept)
    assert torch.equal(again_V, kept)
    for layer, copy in zip(before.layers, copies, strict=True):
        assert all(torch.equal(part_H, copy_H) for part_H, copy_H in zip(layer, copy, strict=True))


def test_dropout_never_acts_and_the_training_mode_is_left_as_it_was():
    network = network_of(dropout=0.5).train()
    fast = Decoder(network)
    first_V, _ = fast.read(IDS, fast.start())
    second_V, _ = fast.read(IDS, fast.start())
    assert torch.equal(first_V, second_V)
    assert network.training


def test_a_decoder_keeps_the_weights_that_it_was_made_with():
    network = network_of()
    fast = Decoder(network)
    before_V, _ = fast.step(3, fast.start())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    after_V, _ = fast.step(3, fast.start())
    assert torch.equal(before_V, after_V)


@pytest.mark.parametrize("smallest", [0, 2**40])
def test_a_step_leaves_the_number_of_threads_as_it_was(monkeypatch, smallest):
    monkeypatch.setattr(decoder_module, "_MIN_SHARED_NUMBERS", smallest)
    fast = Decoder(network_of())
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            fast.step(1, fast.start())
            assert torch.get_num_threads() == threads
            with pytest.raises(IndexError):
                fast.step(99, fast.start())
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_on_cuda_steps_equal_the_model(cell):
    network = network_of(cell=cell, dtype=torch.float64).to("cuda")
    fast = Decoder(network)
    read_V, _ = fast.read(IDS, fast.start())
    carried = fast.start()
    for token in IDS:
        logits_V, carried = fast.step(token, carried)
    torch.testing.assert_close(read_V, logits_V, rtol=1e-9, atol=1e-9)
