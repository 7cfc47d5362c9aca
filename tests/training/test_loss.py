"""The loss of a window does not depend on how many of its logits are held at a time."""

from contextlib import nullcontext

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

from lstmgen.media.legal import packed
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.training.loss import FORBIDDEN_SHARE, backward
from lstmgen.training.streams import IGNORED

SCALER = torch.amp.GradScaler("cpu", enabled=False)


@pytest.fixture
def window():
    torch.manual_seed(3)
    network = LanguageModel(Architecture(vocab_size=11, embedding_size=4, hidden_size=6, num_layers=2)).train()
    inputs_TB, targets_TB = torch.randint(11, (5, 3)), torch.randint(11, (5, 3))
    targets_TB[0, :2] = targets_TB[4, 2] = IGNORED
    return network, inputs_TB, targets_TB


def gradients(network):
    found = {name: parameter.grad.clone() for name, parameter in network.named_parameters()}
    network.zero_grad()
    return found


def test_all_at_once_it_is_the_mean_cross_entropy_bit_for_bit(window):
    network, inputs_TB, targets_TB = window
    logits_TBV, _ = network(inputs_TB, network.zero_state(3))
    expected = F.cross_entropy(logits_TBV.flatten(0, 1), targets_TB.flatten(), ignore_index=IGNORED)
    expected.backward()
    exact = gradients(network)
    loss, _ = backward(network, inputs_TB, targets_TB, network.zero_state(3), arithmetic=nullcontext, scaler=SCALER)
    assert loss == expected
    assert all(torch.equal(gradient, exact[name]) for name, gradient in gradients(network).items())


@pytest.mark.parametrize("most_logits", [1, 11, 33, 45, 14 * 11])
def test_in_parts_it_is_the_same_and_so_is_the_state_behind_it(window, most_logits, monkeypatch):
    network, inputs_TB, targets_TB = window
    options = {"arithmetic": nullcontext, "scaler": SCALER}
    loss, after = backward(network, inputs_TB, targets_TB, network.zero_state(3), **options)
    exact = gradients(network)
    widest, log_softmax = [], F.log_softmax
    monkeypatch.setattr(F, "log_softmax", lambda logits_NV, dim: (widest.append(logits_NV.numel()), log_softmax(logits_NV, dim))[1])
    in_parts, after_parts = backward(network, inputs_TB, targets_TB, network.zero_state(3), **options, most_logits=most_logits)
    assert max(widest) <= max(11, most_logits)
    torch.testing.assert_close(in_parts, loss)
    for name, gradient in gradients(network).items():
        torch.testing.assert_close(gradient, exact[name], msg=name)
    for name, tensor in after.tensors().items():
        assert torch.equal(tensor, after_parts.tensors()[name])


@pytest.mark.parametrize("counted", [None, 40])
def test_in_parts_in_half_precision_it_is_about_the_same_and_what_is_frozen_stays_without_gradient(window, counted):
    network, inputs_TB, targets_TB = window
    exact, _ = backward(network, inputs_TB, targets_TB, network.zero_state(3), arithmetic=nullcontext, scaler=SCALER, counted=counted)
    expected = gradients(network)
    network.head.bias.requires_grad_(False)
    options = {"arithmetic": lambda: torch.autocast("cpu", torch.bfloat16), "scaler": torch.amp.GradScaler("cpu", init_scale=4.0)}
    loss, _ = backward(network, inputs_TB, targets_TB, network.zero_state(3), **options, counted=counted, most_logits=22)
    torch.testing.assert_close(loss, exact, rtol=0.02, atol=0.02)
    assert network.head.bias.grad is None
    torch.testing.assert_close(network.head.weight.grad / 4, expected["head.weight"], rtol=0.1, atol=0.02)
    torch.testing.assert_close(network.embedding.weight.grad / 4, expected["embedding.weight"], rtol=0.1, atol=0.02)


def test_a_window_in_which_nothing_is_learned_has_no_loss(window):
    network, inputs_TB, targets_TB = window
    for most_logits in (11, 10**6):
        loss, _ = backward(
            network,
            inputs_TB,
            torch.full_like(targets_TB, IGNORED),
            network.zero_state(3),
            arithmetic=nullcontext,
            scaler=SCALER,
            most_logits=most_logits,
        )
        assert loss.isnan()


@pytest.mark.parametrize("most_logits", [10**6, 33])
def test_half_of_the_loss_goes_over_what_a_grammar_allows(window, most_logits):
    network, inputs_TB, targets_TB = window
    counted_TB = targets_TB != IGNORED
    may_TBV = torch.rand(5, 3, 11) < 0.5
    may_TBV[~counted_TB] = torch.arange(11) == 4  # where nothing is counted the boundary is forbidden too
    may_TBV[counted_TB] |= torch.nn.functional.one_hot(targets_TB[counted_TB], 11).bool()
    logits_TBV, _ = network(inputs_TB, network.zero_state(3))
    masked_TBV = logits_TBV.masked_fill(~may_TBV, -torch.inf)
    all_ids, allowed = (
        F.cross_entropy(each.flatten(0, 1), targets_TB.flatten(), ignore_index=IGNORED) for each in (logits_TBV, masked_TBV)
    )
    expected = FORBIDDEN_SHARE * all_ids + (1 - FORBIDDEN_SHARE) * allowed
    expected.backward()
    exact, options = gradients(network), {"arithmetic": nullcontext, "scaler": SCALER, "most_logits": most_logits}
    legal_TBK = torch.from_numpy(packed(may_TBV.numpy()))
    for counted in (None, int(counted_TB.sum())):
        loss, _ = backward(network, inputs_TB, targets_TB, network.zero_state(3), legal_TBK=legal_TBK, counted=counted, **options)
        torch.testing.assert_close(loss, expected)
        assert allowed < loss < all_ids
        for name, gradient in gradients(network).items():
            torch.testing.assert_close(gradient, exact[name], msg=name)
