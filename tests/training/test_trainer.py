"""The loop: it learns, it stops where it should, it goes on exactly, and it survives bad numbers."""

import itertools
import math

import numpy as np
import pytest
import torch

from lstmgen.choices import CELLS
from lstmgen.config import Config
from lstmgen.errors import DivergedError
from lstmgen.model.arithmetic import Arithmetic
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.training.budget import Budget, Clock
from lstmgen.training.events import Evaluated, Finished, RolledBack, Stepped
from lstmgen.training.learner import Learner
from lstmgen.training.streams import Streams
from lstmgen.training.trainer import Trainer
from lstmgen.training.validation import Validation

V = 8
SETTINGS = {
    "training.batch_size": 4,
    "training.seq_length": 6,
    "training.eval_every": 10,
    "optimizer.lr": 0.02,
    "training.save_every_s": 1000.0,
}


def pattern(count):
    return np.array([0, *itertools.islice(itertools.cycle([1, 2, 3, 4, 5, 6, 5, 4]), count)], dtype=np.uint8)


def build(*, budget=None, val=True, precision="fp32", dropout=0.2, cell="lstm", **settings):
    config = Config().replace({**SETTINGS, **{key.replace("__", "."): value for key, value in settings.items()}})
    torch.manual_seed(config.training.seed)
    network = LanguageModel(Architecture(vocab_size=V, embedding_size=8, hidden_size=32, num_layers=2, dropout=dropout, cell=cell))
    return Trainer(
        network,
        reader=Streams(pattern(500), batch_size=config.training.batch_size, seq_length=config.training.seq_length),
        validation=Validation(pattern(90)) if val else None,
        config=config,
        budget=budget or Budget(max_steps=40),
        arithmetic=Arithmetic(torch.device("cpu"), precision, "test"),
        clock=Clock(),
    )


def run(trainer):
    return list(trainer.run())


def weights(trainer):
    return {name: tensor.clone() for name, tensor in trainer.network.tensors().items()}


def assert_equal_weights(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns_a_pattern_and_says_so():
    events = run(build(dropout=0.0))
    evaluations = [event for event in events if isinstance(event, Evaluated)]
    assert evaluations[-1].val_nats < 0.5 * math.log(V)
    assert [event.step for event in evaluations] == [10, 20, 30, 40]
    assert events[-1] == Finished(reason="steps", step=40)


def test_the_best_evaluation_is_the_lowest_so_far():
    best = math.inf
    for event in run(build()):
        if isinstance(event, Evaluated):
            assert event.is_best == (event.val_nats < best)
            best = min(best, event.val_nats)


@pytest.mark.parametrize(
    ("budget", "reason", "step"),
    [(Budget(max_steps=7), "steps", 7), (Budget(max_tokens=24 * 5), "epochs", 5), (Budget(max_steps=9, max_tokens=24 * 3), "epochs", 3)],
)
def test_the_first_limit_that_is_reached_ends_the_run(budget, reason, step):
    assert run(build(budget=budget))[-1] == Finished(reason=reason, step=step)


def test_time_ends_a_run_too():
    trainer = build(budget=Budget(max_time_s=0.05))
    assert run(trainer)[-1].reason == "time"
    assert trainer.clock.elapsed_s >= 0.05


def test_patience_ends_a_run_that_no_longer_gets_better():
    trainer = build(training__patience=2, optimizer__lr=1e-9, budget=Budget(max_steps=10_000))
    trainer.counters.best_nats = 0.0
    events = run(trainer)
    assert events[-1] == Finished(reason="patience", step=20)
    assert [event.step for event in events if isinstance(event, Evaluated)] == [10, 20]


def test_a_request_ends_the_run_after_the_step_under_way():
    trainer = build()
    events = trainer.run()
    trainer.request_stop()
    assert list(events)[-1] == Finished(reason="signal", step=0)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("cell", list(CELLS))
def test_stopping_and_going_on_equals_never_having_stopped_bit_for_bit(precision, cell):
    budget = Budget(max_steps=13)
    whole = build(precision=precision, cell=cell, budget=budget)
    run(whole)

    first = build(precision=precision, cell=cell, budget=budget)
    for _ in range(6):
        first._step()
    tensors, values = first.state()
    second = build(precision=precision, cell=cell, budget=budget)
    with torch.no_grad():
        for parameter in second.network.parameters():
            parameter.zero_()
    torch.manual_seed(12345)
    second.restore(tensors, values)
    run(second)

    assert second.counters.step == 13
    assert_equal_weights(weights(whole), weights(second))
    carried = (trainer.learner.carried.tensors().values() for trainer in (whole, second))
    assert all(torch.equal(a, b) for a, b in zip(*carried, strict=True))


def test_it_is_the_same_run_whether_outcomes_are_known_at_once_or_a_step_later(monkeypatch):
    budget = Budget(max_steps=33)
    whole = build(budget=budget)
    events = run(whole)
    monkeypatch.setattr(Learner, "lag", 1)  # as on a GPU
    late, first, second = (build(budget=budget) for _ in range(3))
    assert [event for event in run(late) if isinstance(event, Evaluated)][-1].val_nats == events[-2].val_nats
    assert_equal_weights(weights(whole), weights(late))
    assert not math.isnan(late.counters.loss_nats)
    for _ in range(6):
        first._step()
    assert len(first.learner.launched) == 1
    second._step()
    second._settle()
    second.restore(*first.state())
    run(second)
    assert_equal_weights(weights(whole), weights(second))
    assert second.counters.loss_nats == whole.counters.loss_nats == late.counters.loss_nats


def test_a_run_goes_bad_a_step_later_where_outcomes_are_known_a_step_later(monkeypatch):
    monkeypatch.setattr(Learner, "lag", 1)
    trainer = build()
    trainer._remember_good()
    for _ in range(3):
        assert not trainer._step()
    with torch.no_grad():
        trainer.network.head.weight[0] = math.nan
    assert not trainer._step()
    assert trainer._step()
    assert len(list(trainer._recover())) == 1
    assert not trainer.learner.launched
    assert all(tensor.isfinite().all() for tensor in weights(trainer).values())


@pytest.mark.parametrize("forgotten", ["carried.0.0", "optimizer.0.exp_avg", "counters"])
def test_forgetting_any_part_of_the_state_shows(forgotten):
    whole = build(budget=Budget(max_steps=39))
    run(whole)
    first = build(budget=Budget(max_steps=39))
    for _ in range(17):
        first._step()
    tensors, values = first.state()
    if forgotten == "counters":
        values["counters"]["step"] -= 1
    else:
        tensors[forgotten] = torch.zeros_like(tensors[forgotten])
    second = build(budget=Budget(max_steps=39))
    second.restore(tensors, values)
    run(second)
    assert not torch.equal(whole.network.head.weight, second.network.head.weight)


def test_what_is_drawn_between_two_steps_changes_nothing():
    calm, busy = build(), build()
    run(calm)
    for _ in busy.run():
        torch.manual_seed(5)
        torch.rand(3)
    assert_equal_weights(weights(calm), weights(busy))


def test_how_often_it_evaluates_changes_nothing_in_training():
    often, never = build(training__eval_every=1), build(val=False)
    run(often)
    run(never)
    assert_equal_weights(weights(often), weights(never))


def test_one_seed_gives_one_model():
    one, two = build(), build()
    run(one)
    run(two)
    assert_equal_weights(weights(one), weights(two))


def test_a_step_with_a_loss_that_is_not_finite_leaves_the_weights_alone():
    trainer = build()
    trainer._step()
    before = weights(trainer)
    moments = {name: tensor.clone() for name, tensor in trainer.state()[0].items() if name.startswith("optimizer.")}
    carried = trainer.learner.carried
    trainer.learner.carried = carried.__class__(tuple(tuple(part * math.nan for part in layer) for layer in carried.layers))
    trainer._step()
    assert trainer.counters.skipped_steps == 1
    assert_equal_weights(before, weights(trainer))
    after = {name: tensor for name, tensor in trainer.state()[0].items() if name.startswith("optimizer.")}
    assert_equal_weights(moments, after)
    trainer._step()
    assert trainer.counters.skipped_steps == 1
    assert not torch.equal(before["head.weight"], trainer.network.head.weight)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999999, 1.0, 1.000001, 2.0])
def test_gradients_are_clipped_as_torch_clips_them_bit_for_bit(share):
    network = build().network
    gradients = [torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)) for parameter in network.parameters()]
    longest = share * float(torch.nn.utils.get_total_norm(gradients))
    learner = build(optimizer__grad_clip=longest).learner
    for one in (network, learner.network):
        for parameter, gradient in zip(one.parameters(), gradients, strict=True):
            parameter.grad = gradient.clone()
    norm = torch.nn.utils.clip_grad_norm_(network.parameters(), longest or math.inf)
    assert torch.equal(learner._clipped(), norm)
    for one, other in zip(network.parameters(), learner.network.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


def test_an_absurd_learning_rate_ends_in_a_clear_error_and_not_in_a_ruined_model():
    trainer = build(optimizer__lr=100.0, optimizer__grad_clip=0.0, optimizer__warmup_steps=0, budget=Budget(max_steps=5000), dropout=0.0)
    # A pattern may be found even at such a rate; in noise there is none.
    noise = np.random.default_rng(0).integers(V, size=500).astype(np.uint8)
    trainer.reader = Streams(noise, batch_size=4, seq_length=6)
    trainer.validation = Validation(noise[:90])
    events = []
    with pytest.raises(DivergedError, match="diverged") as failure:
        events.extend(trainer.run())
    assert "--lr" in failure.value.remedy


def test_after_a_divergence_it_goes_back_to_good_weights_at_half_the_rate():
    trainer = build(budget=Budget(max_steps=120))
    events, ruined = [], False
    for event in trainer.run():
        events.append(event)
        if isinstance(event, Evaluated) and event.step >= 20 and not ruined:
            ruined = True
            with torch.no_grad():
                for parameter in trainer.network.parameters():
                    parameter.fill_(math.nan)
    (rolled_back,) = [event for event in events if isinstance(event, RolledBack)]
    assert (rolled_back.lr_scale, rolled_back.number, rolled_back.of) == (0.5, 1, 3)
    assert rolled_back.good_step < rolled_back.step
    assert trainer.counters.lr_scale == 0.5
    assert all(torch.isfinite(tensor).all() for tensor in trainer.network.tensors().values())
    assert events[-1] == Finished(reason="steps", step=120)


def test_a_number_that_is_not_finite_in_a_row_that_is_never_read_is_seen_in_the_next_step():
    trainer = build(budget=Budget(max_steps=60))
    warnings = []
    for event in trainer.run():
        if isinstance(event, Evaluated) and event.step == 20:
            with torch.no_grad():
                trainer.network.embedding.weight[7, 2] = math.nan  # of a symbol that the pattern does not hold
        if isinstance(event, RolledBack):
            warnings.append(event)
    assert [event.step for event in warnings] == [21]
    assert all(torch.isfinite(tensor).all() for tensor in trainer.network.tensors().values())


def test_stopping_within_a_bad_stretch_and_going_on_is_exact():
    def spoil(trainer):
        """Steps 22 to 46 meet targets so unlikely that the loss is out of bounds, and the weights go back."""
        real = trainer._note_loss

        def note(loss_nats, *, finite):
            real(1e9 if 22 <= trainer.counters.step <= 46 else loss_nats, finite=finite)

        trainer._note_loss = note
        return trainer

    whole = spoil(build(budget=Budget(max_steps=50)))
    events = run(whole)
    assert [event.step for event in events if isinstance(event, RolledBack)] == [46]
    first = spoil(build(budget=Budget(max_steps=50)))
    for step in (23, 31, 44):
        first.pause_at = step
        run(first)
        second = spoil(build(budget=Budget(max_steps=50)))
        tensors, values = first.state()
        second.restore({name: tensor.clone() for name, tensor in tensors.items()}, values)
        run(second)
        assert whole.counters.rollbacks == second.counters.rollbacks == 1
        assert_equal_weights(weights(whole), weights(second))


def test_best_means_better_than_what_was_never_trained():
    trainer = build(budget=Budget(max_steps=30))
    trainer.validation = lambda *_, **__: (1e9, 10)
    events = []
    with pytest.raises(DivergedError, match="learned nothing"):
        events.extend(trainer.run())
    assert [event.is_best for event in events if isinstance(event, Evaluated)] == [False] * 3
    assert trainer.counters.best_nats == math.inf


def test_reports_count_tokens_and_progress():
    trainer = build()
    last = [event for event in run(trainer) if isinstance(event, Stepped)][-1]
    assert last.tokens_seen == 40 * 4 * 6
    assert last.progress == 1.0
    assert last.epoch == pytest.approx(40 * 24 / 501)
