"""Several processes that train one model: they take the steps that one process would take, and lose nothing when one of them dies."""

import json
import os
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from lstmgen.config import Config
from lstmgen.errors import LostProcessError, MachineError, UsageError
from lstmgen.model.arithmetic import Arithmetic
from lstmgen.model.compiled import training as compiled
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.training import helper
from lstmgen.training.budget import Budget, Clock
from lstmgen.training.distributed import ALONE, Group, join, place_of
from lstmgen.training.events import Evaluated
from lstmgen.training.helper import assist
from lstmgen.training.learner import Learner
from lstmgen.training.pieces import PieceStreams
from lstmgen.training.streams import Streams
from lstmgen.training.trainer import Trainer
from lstmgen.training.validation import Validation

V = 9
TORCHRUN = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}


class Room:
    """Where threads that stand for processes meet. They take turns, for they all draw from one generator."""

    def __init__(self, size):
        self.size, self.changed = size, threading.Condition()
        self.heard = {rank: [] for rank in range(1, size)}
        self.waiting, self.turn, self.parts, self.totals = set(), 0, [], []


class Member:
    """What `Group` is, for threads."""

    share = Group.share

    def __init__(self, rank, room):
        self.rank, self.size, self.room = rank, room.size, room

    def tell(self, order, tensors=None):
        room = self.room
        with room.changed:
            for heard in room.heard.values():
                heard.append((json.loads(json.dumps(order)), {name: tensor.detach().clone() for name, tensor in (tensors or {}).items()}))
            room.changed.notify_all()
            if order["do"] == "begin":  # draws initial weights, which take from the generator
                room.changed.wait_for(lambda: len(room.waiting) == room.size - 1 and not any(room.heard.values()), 60)

    def hear(self):
        room = self.room
        with room.changed:
            room.waiting.add(self.rank)
            room.changed.notify_all()
            assert room.changed.wait_for(lambda: room.heard[self.rank], 60)
            order, tensors = room.heard[self.rank].pop(0)
            room.waiting.remove(self.rank)
            assert order["do"] in {"begin", "end"} or room.changed.wait_for(lambda: room.turn == self.rank, 60)
            return order, tensors

    def add(self, tensor):
        room = self.room
        with room.changed:
            round_ = len(room.totals)
            room.parts.append(tensor.clone())
            room.turn = self.rank + 1
            if len(room.parts) == room.size:
                room.totals.append(torch.stack(room.parts).sum(dim=0))
                room.parts, room.turn = [], 0
            room.changed.notify_all()
            assert room.changed.wait_for(lambda: len(room.totals) > round_, 60)
            tensor.copy_(room.totals[round_])


def build(group, *, apart=False, dropout=0.3, **architecture):
    config = Config().replace(
        {
            "training.batch_size": 4,
            "training.seq_length": 5,
            "training.eval_every": 7,
            "training.save_every_s": 1000.0,
            "optimizer.lr": 0.02,
        }
    )
    random = np.random.default_rng(3)
    ids = random.integers(1, V, 400).astype(np.uint8)
    starts = np.arange(0, 400, 16)
    ids[starts if apart else 0] = 0
    told_V = np.arange(V) == 7
    torch.manual_seed(1)
    network = LanguageModel(Architecture(vocab_size=V, embedding_size=6, hidden_size=10, num_layers=2, dropout=dropout, **architecture))
    window = {"batch_size": 4, "seq_length": 5}
    return Trainer(
        network.double(),
        reader=PieceStreams(ids, starts, seed=2, told_V=told_V, **window) if apart else Streams(ids, **window),
        validation=Validation(ids, starts, told_V) if apart else Validation(np.tile(ids, 12)),
        config=config,
        budget=Budget(max_steps=9),
        arithmetic=Arithmetic(torch.device("cpu"), "fp32", "test"),
        clock=Clock(),
        group=group,
    )


def led(group, **settings):
    """A run that this process leads: its trainer, the loss of every step and of every evaluation."""
    trainer = build(group, **settings)
    losses, step = [], trainer._step

    def noting(*_):
        bad = step()
        losses.append(trainer._window_nats)
        return bad or trainer.counters.step == 6  # once back to the good weights

    trainer._step = noting
    evaluated = [event.val_nats for event in trainer.run() if isinstance(event, Evaluated)]
    return trainer, losses, evaluated


def trained(size, **settings):
    """The same by so many threads."""
    if size == 1:
        return led(ALONE, **settings)
    room, codes = Room(size), []
    helpers = [threading.Thread(target=lambda rank=rank: codes.append(assist(Member(rank, room)))) for rank in range(1, size)]
    for thread in helpers:
        thread.start()
    group = Member(0, room)
    found = led(group, **settings)
    group.tell({"do": "end", "exit_code": 7})
    for thread in helpers:
        thread.join()
    assert codes == [7] * (size - 1)
    return found


@pytest.mark.parametrize(
    ("size", "settings"),
    [
        (2, {}),
        (4, {"apart": True, "clock_period": 4, "clock_low": 2, "clock_high": 6}),
        (2, {"apart": True, "cell": "slstm"}),
        (2, {"matches": "1,2", "match_slots": 16}),
    ],
)
def test_several_processes_take_the_steps_that_one_takes(size, settings):
    one, losses, evaluated = trained(1, **settings)
    several, also_losses, also_evaluated = trained(size, **settings)
    assert len(losses) == 9
    assert also_losses == pytest.approx(losses, rel=1e-9)
    assert also_evaluated == pytest.approx(evaluated, rel=1e-9)
    assert several.counters.tokens == one.counters.tokens
    assert several.reader.state() == one.reader.state()
    (tensors, _), (also_tensors, _) = one.state(), several.state()
    assert tensors.keys() == also_tensors.keys()
    for name, tensor in tensors.items():
        assert torch.allclose(tensor.double(), also_tensors[name].double(), rtol=1e-7, atol=1e-9), name


def test_the_mask_of_a_stream_is_the_same_whoever_has_the_others():
    """Without that the test above would see other losses; so would a part whose mean is weighted as if it were the whole."""
    _, losses, _ = trained(1, apart=True, dropout=0.3)
    _, without, _ = trained(1, apart=True, dropout=0.0)
    assert losses != pytest.approx(without, rel=1e-3)


def test_a_process_that_dies_leaves_the_run_as_it_was_after_the_last_step():
    class Dying(Member):
        """Hears nobody, and is alone until there is somebody to lose."""

        def tell(self, *_):
            pass

        def add(self, *_):
            if self.size > 1:
                raise LostProcessError("gone")

    dying = Dying(0, Room(1))
    trainer = build(dying)
    before = [trainer._step() for _ in range(3)]
    dying.size = 2
    tensors = {name: tensor.clone() for name, tensor in trainer.state()[0].items()}
    values = trainer.state()[1]
    with pytest.raises(LostProcessError):
        trainer._step()
    assert before == [False] * 3
    after, also_values = trainer.state()
    assert all(torch.equal(tensor, after[name]) for name, tensor in tensors.items())
    assert {**also_values, "elapsed_s": 0} == {**values, "elapsed_s": 0}


def test_a_process_that_helps_trains_its_layers_in_the_way_of_the_leader(monkeypatch):
    network = LanguageModel(Architecture(vocab_size=V, embedding_size=4, hidden_size=4, num_layers=1))
    orders = {}
    for backward in ("own", "compiled"):
        arithmetic = Arithmetic(torch.device("cpu"), "bf16", "", backward)
        orders[backward] = helper.beginning(Learner(network, Config().optimizer, arithmetic=arithmetic, batch_size=2), threads=1)
    monkeypatch.setattr(compiled, "problem", lambda _: "there is no numba")
    assert helper._begun(*orders["own"], ALONE).arithmetic.backward == "own"
    with pytest.raises(MachineError, match="the leader has compiled layers, but here there is no numba"):
        helper._begun(*orders["compiled"], ALONE)


def test_who_is_not_started_by_torchrun_is_alone():
    assert place_of({}) == (0, 1, 0)
    assert join({"WORLD_SIZE": "1", "RANK": "0"}) is ALONE
    assert place_of(TORCHRUN) == (1, 2, 1)


@pytest.mark.parametrize(
    "changed", [{"RANK": "2"}, {"RANK": "-1"}, {"RANK": "first"}, {"MASTER_ADDR": ""}, {"WORLD_SIZE": "two"}, {"LOCAL_RANK": "-3"}]
)
def test_variables_that_make_no_sense_are_refused(changed):
    with pytest.raises(UsageError, match=next(iter(changed))) as caught:
        join(TORCHRUN | changed)
    assert "torchrun" in caught.value.remedy


def test_streams_are_divided_without_rest():
    assert [Group(rank=rank, size=3).share(12) for rank in range(3)] == [slice(0, 4), slice(4, 8), slice(8, 12)]


@pytest.mark.slow
def test_two_processes_on_gloo_take_the_steps_that_one_takes():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    started = [
        subprocess.Popen(
            [sys.executable, __file__],
            env=os.environ | TORCHRUN | {"RANK": rank, "LOCAL_RANK": rank, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port},
            stdout=subprocess.PIPE,
        )
        for rank in ("0", "1")
    ]
    said = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    _, losses, evaluated = led(ALONE)
    assert json.loads(said[0].splitlines()[-1]) == [pytest.approx(losses, rel=1e-9), pytest.approx(evaluated, rel=1e-9)]


def _as_one_of_two():
    """What each of the two processes does."""
    group = join(os.environ)
    if group.rank:
        group.end(assist(group))
        return
    _, losses, evaluated = led(group)
    group.end(0)
    sys.stdout.write(json.dumps([losses, evaluated]) + "\n")


if __name__ == "__main__":
    _as_one_of_two()
