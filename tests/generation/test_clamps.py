"""Units that are held: what is drawn is what a network with that state would draw, and what the network does not have is refused."""

import pytest
import torch

from lstmgen.choices import CELLS
from lstmgen.errors import UsageError
from lstmgen.generation.clamps import Clamp, holding
from lstmgen.generation.request import Request
from lstmgen.model.cells import cell_of
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel


def network_of(cell="lstm"):
    torch.manual_seed(1)
    return LanguageModel(Architecture(vocab_size=9, embedding_size=6, hidden_size=7, num_layers=2, cell=cell)).eval()


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_memory_of_a_unit_is_at_its_value_before_every_step_and_nothing_else_is_touched(cell):
    network = network_of(cell)
    decoder = Decoder(network)
    held = holding(decoder, ["2:3=0.75"])
    part = cell_of(cell).memory
    state = expected = decoder.start(4)
    for ids in ([1, 2, 3, 4], [5, 6, 7, 8], [1, 1, 1, 1]):
        logits, state = held.step(ids, state)
        layers = [list(layer) for layer in expected.layers]
        layers[1][part] = layers[1][part].clone()
        layers[1][part][:, 2] = 0.75
        expected_logits, expected = decoder.step(ids, type(state)(tuple(map(tuple, layers)), expected.clock_B))
        assert torch.equal(logits, expected_logits)
        assert all(map(torch.equal, state.tensors().values(), expected.tensors().values()))


def test_another_quantity_than_the_memory_can_be_held_and_several_units_at_once():
    decoder = Decoder(network_of())
    _, plain = decoder.step([1], decoder.start())
    one, _ = holding(decoder, ["1:hidden:2=0.5", "1:2=-1", "2:7=3"]).step([2], plain)
    layers = [list(layer) for layer in plain.layers]
    layers[0] = [layers[0][0].clone(), layers[0][1].clone()]
    layers[0][0][:, 1], layers[0][1][:, 1] = 0.5, -1
    layers[1][1] = layers[1][1].clone()
    layers[1][1][:, 6] = 3
    other, _ = decoder.step([2], type(plain)(tuple(map(tuple, layers))))
    assert torch.equal(one, other)
    assert holding(decoder, []) is decoder


def test_samples_change_prompts_do_not_and_each_sample_is_the_same_beside_others(case):
    model = case.model
    plain = model.generate(case.prompt, seed=3, num_samples=3, length=30)
    held = model.generate(case.prompt, seed=3, num_samples=3, length=30, clamp=["1:2=4", "2:5=-4"])
    alone = model.generate(case.prompt, seed=3, length=30, clamp=["1:2=4", "2:5=-4"], first=2)
    assert [sample.nats_per_token for sample in plain] != [sample.nats_per_token for sample in held]
    assert alone[0].nats_per_token == held[2].nats_per_token
    assert [sample.nats_per_token for sample in model.generate(case.prompt, seed=3, num_samples=3, length=30)] == [
        sample.nats_per_token for sample in plain
    ]


@pytest.mark.parametrize("case", ["char"], indirect=True)
def test_a_model_that_has_learned_from_its_prompt_is_held_too(case):
    from lstmgen.generation.request import LearningRule

    plain, held = (
        case.model.generate("the quick brown fox ", seed=2, length=20, adapt=LearningRule(), clamp=clamp)[0].nats_per_token
        for clamp in ([], ["1:2=9"])
    )
    assert held != plain


def test_clamps_are_part_of_a_request_and_survive_json():
    request = Request(clamp=["2:37=1.5", "1:hidden:4=-1e-3"])
    assert Request.from_json(request.to_json()) == request
    assert Clamp.parse("1:hidden:4=-1e-3") == Clamp(0, 3, -0.001, "hidden")


@pytest.mark.parametrize("text", ["", "2", "2:37", "2:37=", "2:37=x", "0:1=1", "1:0=1", "1:a:b:2=1", "1:2=nan", "a:2=1", 7, "=1"])
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(UsageError, match="holds no unit"):
        Request(clamp=[text])


def test_a_single_text_is_no_list_of_clamps():
    with pytest.raises(UsageError, match="expected a list"):
        Request(clamp="2:37=1")


@pytest.mark.parametrize(
    ("text", "message"), [("3:1=1", "layers 1 to 2"), ("1:8=1", "units 1 to 7"), ("1:forget:1=1", "carries no 'forget'")]
)
def test_what_the_network_does_not_have_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        holding(Decoder(network_of()), [text])


@pytest.mark.parametrize("case", ["char"], indirect=True)
def test_the_turns_of_a_conversation_are_held_too(case):
    held, plain = (
        "".join(case.model.session("the ", seed=1).generate(Request(length=40, clamp=clamp, options={"ignore_end": True})))
        for clamp in (["1:2=9", "2:5=-9", "1:4=9"], [])
    )
    assert held != plain
