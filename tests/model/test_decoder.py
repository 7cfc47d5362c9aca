"""The decoder against its twin, the plain model, and its lanes against each lane alone."""

import dataclasses
import random

import pytest
import torch

from lstmgen.choices import CELLS
from lstmgen.model import arrays
from lstmgen.model import decoder as decoder_module
from lstmgen.model.captured import Captured
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.model.products import Product


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
] + [{"matches": "1,3", "match_slots": 64}, {"clock_period": 4, "clock_low": 2, "clock_high": 6}]
IDS = [0, 3, 10, 1, 1, 7, 4, 9, 2, 6, 5, 8]


every_cell = pytest.mark.parametrize("cell", list(CELLS))


def assert_close(one, other, tolerance=1e-11):
    left, right = one.tensors(), other.tensors()
    assert left.keys() == right.keys()
    for name in left:
        torch.testing.assert_close(left[name], right[name], rtol=tolerance, atol=tolerance)


def assert_same(one, other):
    left, right = one.tensors(), other.tensors()
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)


def stepped(fast, ids, state=None):
    """The logits after each id of one stream, and the last state."""
    state, logits = state or fast.start(), []
    for token in ids:
        logits_1V, state = fast.step([token], state)
        logits.append(logits_1V[0])
    return torch.stack(logits), state


@every_cell
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_steps_equal_the_model_on_every_cell_and_shape(cell, shape):
    network = network_of(cell=cell, **shape, dtype=torch.float64)
    fast = Decoder(network)
    lanes, state = fast.start(2), network.zero_state(2)
    for ids in zip(IDS, reversed(IDS), strict=True):
        logits_BV, lanes = fast.step(ids, lanes)
        with torch.inference_mode():
            expected_TBV, state = network(torch.tensor([ids]), state)
        torch.testing.assert_close(logits_BV, expected_TBV[0], rtol=1e-11, atol=1e-11)
        assert_close(lanes, state)


def test_in_fp32_steps_stay_within_2e_5_of_the_model_over_a_long_text():
    network = network_of(vocab_size=50, embedding_size=24, hidden_size=40)
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(50, (400,), generator=generator)
    with torch.inference_mode():
        expected_TBV, _ = network(ids.unsqueeze(1), network.zero_state(1))
    logits_TV, _ = stepped(Decoder(network), ids.tolist())
    assert float((logits_TV - expected_TBV[:, 0]).abs().max()) < 2e-5


@every_cell
def test_without_the_table_of_the_first_layer_the_numbers_are_the_same(cell, monkeypatch):
    network = network_of(cell=cell, dtype=torch.float64)
    with_table = Decoder(network)
    monkeypatch.setattr(decoder_module, "MAX_TABLE_NUMBERS", 0)
    without = Decoder(network)
    assert with_table._layers[0].table_VG is not None
    assert without._layers[0].table_VG is None
    torch.testing.assert_close(stepped(with_table, IDS)[0], stepped(without, IDS)[0], rtol=1e-12, atol=1e-12)


@every_cell
@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_a_network_in_bf16_is_stepped_in_bf16(cell, precision):
    network = network_of(cell=cell, dtype=torch.bfloat16, hidden_size=32)
    fast = Decoder(network, precision=precision)
    logits_BV, state = fast.step([3, 4, 5], fast.start(3))
    _, state = fast.step([6, 7, 1], state)
    assert logits_BV.dtype == torch.bfloat16
    assert {part.dtype for part in state.tensors().values()} == {torch.bfloat16}
    expected_TBV, _ = network.float()(torch.tensor([[3, 4, 5]]), network.zero_state(3))
    assert float(((logits_BV.float() - expected_TBV[0]).norm() / expected_TBV[0].norm()).detach()) < 0.1


@every_cell
@pytest.mark.parametrize(("precision", "dtype", "tolerance"), [("fp32", torch.float64, 1e-12), ("int8", torch.float32, 1e-5)])
def test_with_arrays_of_torch_as_on_other_devices_the_numbers_are_the_same(cell, precision, dtype, tolerance, monkeypatch):
    network = network_of(cell=cell, dtype=dtype, **SHAPES[-1])
    expected_TV, expected_state = stepped(Decoder(network, precision=precision), IDS)
    monkeypatch.setattr("lstmgen.model.arrays._DTYPES", ())
    monkeypatch.setattr("lstmgen.model.products.vnni", lambda: False)
    found_TV, found_state = stepped(Decoder(network, precision=precision), IDS)
    torch.testing.assert_close(found_TV, expected_TV, rtol=tolerance, atol=tolerance)
    assert_close(found_state, expected_state, tolerance)


@pytest.mark.parametrize("shape", [{}, *SHAPES[-2:]], ids=["plain", "matches", "clock"])
def test_reading_a_prompt_equals_stepping_through_it(shape):
    fast = Decoder(network_of(**shape, dtype=torch.float64))
    read_V, read_state = fast.read(IDS, fast.start())
    logits_TV, state = stepped(fast, IDS)
    torch.testing.assert_close(read_V, logits_TV[-1], rtol=1e-11, atol=1e-11)
    assert_close(read_state, state)


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_step_changes_nothing_that_it_was_given(lanes):
    fast = Decoder(network_of())
    _, before = fast.step([3] * lanes, fast.start(lanes))
    copy = before.repeated(1)
    kept_BV, _ = fast.step([5] * lanes, before)
    kept = kept_BV.clone()
    fast.step([7] * lanes, before)
    again_BV, _ = fast.step([5] * lanes, before)
    assert torch.equal(kept_BV, kept)
    assert torch.equal(again_BV, kept)
    assert_same(before, copy)


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
    before_BV, _ = fast.step([3, 4], fast.start(2))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    after_BV, _ = fast.step([3, 4], fast.start(2))
    assert torch.equal(before_BV, after_BV)


LANES = [
    {"hidden_size": 64, "embedding_size": 32, "vocab_size": 65},
    {"hidden_size": 33, "embedding_size": 33, "vocab_size": 130, "tied": True},
    {"clock_period": 4, "clock_low": 2, "clock_high": 6, "matches": "2", "match_slots": 16},
    {"layer_norm": False, "residual": False, "num_layers": 1},
]


PRECISIONS = [*(("fp32", shape) for shape in LANES), *((precision, shape) for precision in ("bf16", "int8") for shape in LANES[:3])]


@every_cell
@pytest.mark.parametrize(("precision", "shape"), PRECISIONS, ids=str)
def test_a_lane_is_the_same_bit_for_bit_whatever_runs_beside_it(cell, precision, shape):
    network = network_of(cell=cell, **shape)
    fast, chance = Decoder(network, precision=precision), random.Random(cell + str(shape))
    ids = [chance.randrange(network.architecture.vocab_size) for _ in range(4)]
    expected_TV, expected_state = stepped(fast, ids)
    for lanes in (2, 5, 33, chance.randrange(6, 30), 64):
        lane, state = chance.randrange(lanes), fast.start(lanes)
        for token, expected_V in zip(ids, expected_TV, strict=True):
            others = [chance.randrange(network.architecture.vocab_size) for _ in range(lanes)]
            logits_BV, state = fast.step([*others[:lane], token, *others[lane + 1 :]], state)
            assert torch.equal(logits_BV[lane], expected_V)
        assert_same(state.select(torch.tensor([lane])), expected_state)


@every_cell
@pytest.mark.parametrize(("precision", "bound"), [("bf16", 0.02), ("int8", 0.05)])
def test_fewer_bits_stay_within_a_bound_of_the_model(cell, precision, bound):
    network = network_of(cell=cell, hidden_size=48, embedding_size=24, vocab_size=40, num_layers=2)
    ids_TB = torch.randint(40, (30, 3), generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        expected_TBV, _ = network(ids_TB, network.zero_state(3))
    found_TBV, state = Decoder(network, precision=precision).window(ids_TB, network.zero_state(3))
    assert 0 < float((found_TBV - expected_TBV).norm() / expected_TBV.norm()) < bound
    assert all(part.dtype == torch.float32 for part in state.tensors().values())


def test_a_window_is_its_steps():
    fast = Decoder(network_of(), precision="int8")
    window_TBV, after = fast.window(torch.tensor([IDS, IDS[::-1]]).T, fast.start(2))
    expected_TV, state = stepped(fast, IDS)
    assert torch.equal(window_TBV[:, 0], expected_TV)
    assert_same(after.select(slice(0, 1)), state)


def test_greedy_decoding_in_fp32_gives_the_models_own_tokens_ten_thousand_times():
    network = network_of(vocab_size=60, embedding_size=24, hidden_size=32, num_layers=2, seed=2)
    fast = Decoder(network)
    state, token, read, drawn = fast.start(), 0, [], []
    for place in range(10_000):
        read.append(token if place % 50 else place // 50 % 60)  # greedy decoding alone would run in a circle
        logits_BV, state = fast.step(read[-1:], state)
        drawn.append(token := int(logits_BV.argmax()))
    with torch.inference_mode():
        expected_TBV, _ = network(torch.tensor(read).unsqueeze(1), network.zero_state(1))
    assert expected_TBV[:, 0].argmax(-1).tolist() == drawn
    assert len(set(drawn)) > 5


def test_lanes_that_end_and_lanes_that_join_leave_the_others_as_they_are():
    fast = Decoder(network_of(hidden_size=32))
    expected_TV, _ = stepped(fast, IDS)
    state, lanes = fast.start(9), 9
    for place, token in enumerate(IDS):
        logits_BV, state = fast.step([token] + [place % 11] * (lanes - 1), state)
        assert torch.equal(logits_BV[0], expected_TV[place])
        if place == 5:
            state = state.joined([state, fast.start(20)])
        elif place != 6:
            state = state.select(torch.arange(max(1, state.batch_size - 2)))
        lanes = state.batch_size


@pytest.mark.parametrize("kind", [list, tuple, torch.tensor, lambda ids: torch.tensor(ids).numpy()])
def test_ids_come_as_any_sequence_and_must_be_in_the_vocabulary(kind):
    fast = Decoder(network_of())
    logits_BV, _ = fast.step(kind([3, 4]), fast.start(2))
    assert logits_BV.shape == (2, 11)
    for wrong in ([3, 11], [-1, 3]):
        with pytest.raises(IndexError, match=r"expected 0 \.\. 10"):
            fast.step(kind(wrong), fast.start(2))


@every_cell
def test_the_number_of_threads_changes_no_bit_of_a_step_and_is_left_as_it_was(cell, monkeypatch):
    monkeypatch.setattr("lstmgen.model.products.MIN_SHARED", 0)
    network = network_of(cell=cell, hidden_size=48, vocab_size=300)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            fast = Decoder(network)
            logits_BV, state = fast.step(list(range(17)), fast.start(17))
            found.append((logits_BV, *state.tensors().values()))
            fast.read(IDS, fast.start())
            with pytest.raises(IndexError):
                fast.step([999], fast.start())
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(map(torch.equal, found[0], other))


def test_packed_weights_that_give_other_numbers_are_found_out_and_not_used(monkeypatch):
    def whole(product):
        return product._table_ND.view(-1, product._inputs, product._width).transpose(0, 1).flatten(1)

    network = network_of(hidden_size=32)
    expected_TV, _ = stepped(Decoder(network), IDS)
    monkeypatch.setattr(
        "lstmgen.model.products.Product._by_packed_weights", lambda self, parts: torch.cat(parts, 1) @ whole(self) * (1 + 2**-20)
    )
    monkeypatch.setattr("lstmgen.model.products.Product._pack", lambda _: True)
    fast = Decoder(network)
    state = fast.start(5)
    for token, expected_V in zip(IDS, expected_TV, strict=True):
        logits_BV, state = fast.step([1, 2, token, 3, 4], state)
        assert torch.equal(logits_BV[2], expected_V)
    assert not fast.products.packed
    assert fast.lanes_agree


@pytest.mark.parametrize("shape", [{}, {"clock_period": 4, "clock_low": 2, "clock_high": 6}], ids=["plain", "clock"])
def test_where_rows_differ_lanes_are_stepped_one_after_the_other(monkeypatch, shape):
    network = network_of(**shape)
    expected_TV, expected_state = stepped(Decoder(network), IDS)
    original = arrays._NUMPY.normalised
    differing = dataclasses.replace(arrays._NUMPY, normalised=lambda x, *rest: original(x, *rest) * (1 + 2**-20 * (1 < len(x) < 11)))
    monkeypatch.setattr(arrays, "_NUMPY", differing)
    fast = Decoder(network)
    state = fast.start(5)
    for token, expected_V in zip(IDS, expected_TV, strict=True):
        logits_BV, state = fast.step([1, 2, token, 3, 4], state)
        assert torch.equal(logits_BV[2], expected_V)
    assert not fast.lanes_agree
    assert_same(state.select(torch.tensor([2])), expected_state)


def test_few_different_numbers_of_rows_are_ever_run():
    found = [decoder_module._filled_up(lanes) for lanes in range(1, 200)]
    assert sorted(set(found)) == [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256]
    assert all(lanes <= rows < 2 * lanes for lanes, rows in enumerate(found, 1))


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """All that a decoder does otherwise there: functions of torch between whole products, and graphs of a fixed number of rows."""

    def recorded(launched):
        outcome = {}
        return (lambda: outcome.update(launched())), outcome

    def with_a_matrix(self, table_IG, ways, **kind):
        plain(self, table_IG, ways, **kind)
        self._matrix_IG = table_IG

    plain = Product.__init__
    monkeypatch.setattr(arrays, "_DTYPES", {})
    monkeypatch.setattr(Product, "__init__", with_a_matrix)
    monkeypatch.setattr(Decoder, "_capturing", lambda self: Captured(self._advanced, torch.device("cpu"), rows=64, record=recorded))


@every_cell
@pytest.mark.usefixtures("as_on_a_gpu")
@pytest.mark.parametrize("shape", [{}, SHAPES[-1]], ids=str)
def test_a_gpu_takes_other_ways_to_the_same_numbers(cell, shape):
    network = network_of(cell=cell, dtype=torch.float64, **shape)
    fast = Decoder(network)
    logits_TV, state = stepped(fast, IDS)
    expected_TBV, expected_state = network(torch.tensor(IDS)[:, None], network.zero_state(1))
    torch.testing.assert_close(logits_TV, expected_TBV[:, 0], rtol=1e-11, atol=1e-11)
    assert_close(state, expected_state)
    lanes = 70  # more than are stepped at once
    ids_TB = [[(token + 3 * lane) % 11 for lane in range(lanes)] for token in IDS[:5]]
    logits_BV, together = torch.empty(0), fast.start(lanes)
    for ids in ids_TB:
        logits_BV, together = fast.step(ids, together)
    for lane in (0, 5, 69):  # bit for bit only there: a CPU takes not all rows of such a product alike
        alone_TV, alone = stepped(fast, [ids[lane] for ids in ids_TB])
        torch.testing.assert_close(alone_TV[-1], logits_BV[lane], rtol=1e-11, atol=1e-11)
        assert_close(alone, together.select(slice(lane, lane + 1)))


@pytest.mark.usefixtures("as_on_a_gpu")
def test_a_gpu_holds_units_too():
    network = network_of(dtype=torch.float64)
    held = Decoder(network).holding([(1, 1, 4, 0.25)])
    logits_TV, state = stepped(held, IDS)
    assert held.path.endswith("CUDA graphs")
    plain_TV, _ = stepped(Decoder(network), IDS)
    assert not torch.equal(logits_TV, plain_TV)
    assert state.layers[1][1].shape == (1, 7)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@every_cell
@pytest.mark.parametrize("shape", [{}, SHAPES[-2]], ids=["plain", "matches"])
def test_on_cuda_steps_equal_the_model(cell, shape):
    fast = Decoder(network_of(cell=cell, **shape, dtype=torch.float64).to("cuda"))
    read_V, _ = fast.read(IDS, fast.start())
    logits_TV, _ = stepped(fast, IDS)
    torch.testing.assert_close(read_V, logits_TV[-1], rtol=1e-9, atol=1e-9)
