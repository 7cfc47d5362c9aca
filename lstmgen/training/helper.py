"""What a process does that helps another to train: it hears what comes next, and does its share, until it is told to end.

What each order does is written where the leader gives it: `Learner.step`, `Validation`.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from lstmgen.config import OptimizerConfig, from_dict
from lstmgen.errors import LostProcessError, MachineError
from lstmgen.model.arithmetic import Arithmetic, choose_device, set_threads
from lstmgen.model.cells import lstm_ways
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.training.distributed import Group
from lstmgen.training.kept_memory import kept_memory
from lstmgen.training.learner import Learner
from lstmgen.training.streams import Window
from lstmgen.training.validation import Share


def beginning(learner: Learner, *, threads: int | None) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The order to be what this learner is."""
    tensors, scaler = learner.state()
    order = {
        "do": "begin",
        "architecture": learner.network.architecture.to_json(),
        "optimizer": vars(learner.config),
        "device": learner.arithmetic.device.type,
        "precision": learner.arithmetic.precision,
        "backward": learner.arithmetic.backward,
        "batch_size": learner.batch_size,
        "scaler": scaler,
        "threads": threads,
    }
    return order, tensors


def _begun(order: dict[str, Any], tensors: dict[str, Tensor], group: Group) -> Learner:
    set_threads(order["threads"])
    device = choose_device(order["device"])
    network = LanguageModel(Architecture.from_json(order["architecture"])).to(device, tensors["network.head.weight"].dtype)
    network.train()
    config: OptimizerConfig = from_dict({"optimizer": order["optimizer"]}).optimizer
    way = lstm_ways.WAYS.get(order["backward"])
    if way is not None and (problem := way.problem(order["precision"])):
        raise MachineError(f"the leader has {way.NAME}, but here {problem}", remedy="start all with --set runtime.backward_pass=torch")
    arithmetic = Arithmetic(device, order["precision"], "as the leader", order["backward"])
    learner = Learner(network, config, arithmetic=arithmetic, batch_size=order["batch_size"], group=group)
    learner.restore(tensors, order["scaler"])
    return learner


def assist(group: Group) -> int:
    """Helps until the leader ends; returns the exit code that it gives.

    Raises:
        LostProcessError: the leader has gone without a word.
        MachineError: this machine cannot do its share.
    """
    with kept_memory():
        return _assist(group)


def _assist(group: Group) -> int:
    order, tensors = group.hear()
    learner = None
    while order["do"] != "end":
        try:
            learner = _done(order, tensors, learner, group)
        except LostProcessError:
            order, tensors = group.hear()  # a leader that is still there says how it ends
            if order["do"] != "end":
                raise
        else:
            order, tensors = group.hear()
    return order["exit_code"]


def _done(order: dict[str, Any], tensors: dict[str, Tensor], learner: Learner | None, group: Group) -> Learner:
    """Does what an order says; returns what learns from then on."""
    if learner is None or order["do"] == "begin":
        return _begun(order, tensors, group)
    if order["do"] == "step":
        learner.launch(Window.of(tensors, counted=order["counted"]), rate=order["rate"], seed=order["seed"])
        learner.outcome()
    else:
        share = Share.of(order, tensors, group)
        group.add(share(learner.network, arithmetic=learner.arithmetic.context))
    return learner
