"""The state is a value: streams taken out, repeated, joined, emptied; tensors of any rank."""

import pytest
import torch

from lstmgen.model.state import State

B = 3
SHAPES = (((5,), (2, 4, 6)), ((),))


def state_of(seed=0, *, streams=B, clock=True):
    generator = torch.Generator().manual_seed(seed)
    layers = tuple(tuple(torch.randn(streams, *shape, generator=generator) for shape in layer) for layer in SHAPES)
    if not clock:
        return State(layers)
    return State(layers, torch.randint(1, 9, (streams,), generator=generator), torch.ones(streams, 7, dtype=torch.int32))


def assert_same(one, other):
    left, right = one.tensors(), other.tensors()
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)


clocks = pytest.mark.parametrize("clock", [True, False])


@clocks
def test_joining_the_single_streams_gives_the_state(clock):
    state = state_of(clock=clock)
    assert state.batch_size == B
    assert_same(State.joined([state.select(torch.tensor([stream])) for stream in range(B)]), state)
    assert_same(State.joined([state.select(slice(1)), state.select(slice(1, B))]), state)


@clocks
def test_repeating_puts_copies_of_each_stream_one_after_the_other(clock):
    state = state_of(clock=clock)
    assert_same(state.repeated(2), state.select(torch.tensor([0, 0, 1, 1, 2, 2])))
    assert_same(state.repeated(1), state)


@clocks
def test_only_marked_streams_are_emptied_whatever_they_held(clock):
    state = state_of(clock=clock)
    state.layers[0][1][1, 0, 0, 0] = torch.nan
    state.layers[1][0][1] = torch.inf
    emptied = state.zero_where(torch.tensor([False, True, False]))
    for before, after in zip(state.tensors().values(), emptied.tensors().values(), strict=True):
        assert (after[1] == 0).all()
        assert torch.equal(after[[0, 2]], before[[0, 2]])
        assert after.dtype == before.dtype


@clocks
def test_a_state_survives_being_named_and_back_and_keeps_its_clock_whole(clock):
    state = state_of(clock=clock)
    assert_same(State.from_tensors(state.tensors()), state)
    half = state.to(torch.bfloat16)
    assert all(part.dtype == torch.bfloat16 for layer in half.layers for part in layer)
    assert (half.clock_B is None) is not clock
    assert half.clock_B is None or half.clock_B.dtype == torch.int64
