"""The learning rate as a function of progress, who decays, and that steps are those of torch's own optimiser."""

import sys

import pytest
import torch

from lstmgen.config import OptimizerConfig
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.training.optimizer import build_optimizer, learning_rate, optimizer_tensors, restore_optimizer

SCHEDULES = ["linear", "cosine", "constant"]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_rate_rises_to_its_peak_in_the_first_twentieth(schedule):
    rates = [learning_rate(progress / 1000, 0, peak=2.0, schedule=schedule, warmup_steps=None) for progress in range(51)]
    assert rates == sorted(rates)
    assert rates[0] < 0.01
    assert rates[50] == pytest.approx(2.0)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_the_rate_falls_all_the_way_to_zero_at_the_end_of_the_budget(schedule):
    rates = [learning_rate(progress / 1000, 9999, peak=2.0, schedule=schedule, warmup_steps=None) for progress in range(50, 1001)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0.0, abs=1e-12)


def test_linear_and_cosine_are_at_half_their_peak_half_way_down():
    for schedule in ("linear", "cosine"):
        assert learning_rate(0.525, 0, peak=2.0, schedule=schedule, warmup_steps=None) == pytest.approx(1.0)
    assert learning_rate(0.9, 0, peak=2.0, schedule="constant", warmup_steps=None) == 2.0


def test_a_warm_up_in_steps_counts_steps():
    rates = [learning_rate(0.0, step, peak=1.0, schedule="constant", warmup_steps=3) for step in range(6)]
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])


def test_only_matrices_decay():
    network = LanguageModel(Architecture(vocab_size=7, embedding_size=4, hidden_size=3, num_layers=2))
    decayed, kept = build_optimizer(network, OptimizerConfig(lr=0.1, weight_decay=0.5)).param_groups
    assert decayed["weight_decay"] == 0.5
    assert kept["weight_decay"] == 0.0
    assert all(parameter.dim() > 1 for parameter in decayed["params"])
    assert all(parameter.dim() == 1 for parameter in kept["params"])
    assert len(decayed["params"]) + len(kept["params"]) == sum(parameter.requires_grad for parameter in network.parameters())


def learn(network, optimizer, *, scaler=None):
    """A step on the sum of squared logits."""
    optimizer.zero_grad()
    logits, _ = network(torch.tensor([[1], [2]]), network.zero_state(1))
    loss = logits.square().sum()
    if scaler is None:
        loss.backward()
        optimizer.step()
    else:
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()


def two_networks():
    torch.manual_seed(0)
    networks = [LanguageModel(Architecture(vocab_size=7, embedding_size=4, hidden_size=3, num_layers=1)) for _ in range(2)]
    networks[1].load_state_dict(networks[0].state_dict())
    return networks


def same(networks):
    return all(torch.equal(one, other) for one, other in zip(*map(LanguageModel.parameters, networks), strict=True))


def test_a_step_is_that_of_torchs_own_optimiser_bit_for_bit():
    ours, theirs = two_networks()
    optimizer = build_optimizer(ours, OptimizerConfig(lr=0.1, weight_decay=0.3))
    groups = [
        {"params": [parameter for parameter in theirs.parameters() if (parameter.dim() > 1) == matrices], "weight_decay": decay}
        for matrices, decay in ((True, 0.3), (False, 0.0))
    ]
    stock = torch.optim.AdamW(groups, lr=0.1, betas=(0.9, 0.99), fused=True)
    for rate in (0.1, 0.01, 0.02):
        for group in (*optimizer.param_groups, *stock.param_groups):
            group["lr"] = rate
        learn(ours, optimizer)
        learn(theirs, stock)
    assert same((ours, theirs))
    named = {f"{number}.{name}": tensor for number, moments in stock.state_dict()["state"].items() for name, tensor in moments.items()}
    found = optimizer_tensors(optimizer)
    assert found.keys() == named.keys()
    assert all(torch.equal(found[name], named[name]) for name in named)


def test_a_scaler_of_gradients_changes_no_step_and_keeps_back_what_is_not_finite():
    scaled, plain = two_networks()
    optimizers = [build_optimizer(network, OptimizerConfig(lr=0.1)) for network in (scaled, plain)]
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    learn(scaled, optimizers[0], scaler=scaler)
    learn(plain, optimizers[1])
    assert same((scaled, plain))
    with torch.no_grad():
        scaled.embedding.weight[1] = float("inf")
    before = {name: tensor.clone() for name, tensor in optimizer_tensors(optimizers[0]).items()}
    learn(scaled, optimizers[0], scaler=scaler)
    assert all(torch.equal(before[name], tensor) for name, tensor in optimizer_tensors(optimizers[0]).items())


def test_what_has_no_gradient_is_left_alone():
    network = two_networks()[0]
    optimizer = build_optimizer(network, OptimizerConfig(lr=0.1, weight_decay=0.5))
    before = {name: parameter.clone() for name, parameter in network.named_parameters()}
    network.embedding.weight.sum().backward()
    optimizer.step()
    assert [name for name, parameter in network.named_parameters() if not torch.equal(parameter, before[name])] == ["embedding.weight"]
    assert len(optimizer.moments) == 1


def test_no_step_loads_the_compiler(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)  # whoever imports it now fails
    network = two_networks()[0]
    optimizer = build_optimizer(network, OptimizerConfig(lr=0.1))
    learn(network, optimizer)
    restore_optimizer(optimizer, optimizer_tensors(optimizer))
    learn(network, optimizer)
    with pytest.raises(ImportError):
        torch.optim.AdamW(network.parameters(), fused=True).step()


def test_the_moments_survive_being_named_and_back():
    networks = two_networks()
    optimizers = [build_optimizer(network, OptimizerConfig(lr=0.1)) for network in networks]
    for _ in range(3):
        learn(networks[0], optimizers[0])
    networks[1].load_state_dict(networks[0].state_dict())
    restore_optimizer(optimizers[1], {name: tensor.clone() for name, tensor in optimizer_tensors(optimizers[0]).items()})
    for network, optimizer in zip(networks, optimizers, strict=True):
        learn(network, optimizer)
    assert same(networks)
