"""The learning rate as a function of progress, and who decays."""

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


def test_the_moments_survive_being_named_and_back():
    torch.manual_seed(0)
    networks = [LanguageModel(Architecture(vocab_size=7, embedding_size=4, hidden_size=3, num_layers=1)) for _ in range(2)]
    networks[1].load_state_dict(networks[0].state_dict())
    optimizers = [build_optimizer(network, OptimizerConfig(lr=0.1)) for network in networks]

    def step(which):
        optimizers[which].zero_grad()
        logits, _ = networks[which](torch.tensor([[1], [2]]), networks[which].zero_state(1))
        logits.square().sum().backward()
        optimizers[which].step()

    for _ in range(3):
        step(0)
    networks[1].load_state_dict(networks[0].state_dict())
    restore_optimizer(optimizers[1], {name: tensor.clone() for name, tensor in optimizer_tensors(optimizers[0]).items()})
    step(0)
    step(1)
    for one, other in zip(networks[0].parameters(), networks[1].parameters(), strict=True):
        assert torch.equal(one, other)
