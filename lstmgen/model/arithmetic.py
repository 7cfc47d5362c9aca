"""Which device, how many threads, and in which numbers: chosen at run time, with the reason said.

On a CPU with bf16 matrix units (AMX, or AVX-512 BF16) torch trains an LSTM on a tuned bf16 kernel, while fp32 training takes oneDNN's
reference kernel; bf16 is then 1.6 (AVX-512) to several times (AMX) faster. It is used only where a check at start-up passes: one window
forward and backward in both, and gradients that agree. The choice rests on nothing that is timed, so it is the same whatever else the
machine does. Weights, optimiser and loss stay in fp32 all the same (mixed precision, Micikevicius et al. 2018).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Final

import torch

from lstmgen.choices import BackwardPass, Device, Precision
from lstmgen.errors import MachineError
from lstmgen.model.cells import cell_of, lstm_ways
from lstmgen.model.cores import physical_cores
from lstmgen.model.language_model import Architecture, LanguageModel

_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
_LARGEST_GRADIENT_ERROR: Final = {"bf16": 0.05, "fp32": 0.001}
"""Relative distance from the gradient of torch's layers in fp32 that the check allows; sound kernels stay near 0.01 and 0.000001."""
FEW_STREAMS: Final = 8
"""Below this many streams side by side one thread is faster than two: the threads of a recurrent layer wait for one another at every
token, and there is too little to share between two waits."""


@dataclass(frozen=True)
class Arithmetic:
    """Device and number type of a run.

    Attributes:
        device: where tensors live.
        precision: `fp32`, `bf16` or `fp16`.
        reason: why, for people.
        backward: in which of the ways of `lstm_ways` LSTM layers train for whose shape it is faster; `torch`: in none of them.
    """

    device: torch.device
    precision: str
    reason: str
    backward: BackwardPass = "torch"

    @contextlib.contextmanager
    def context(self) -> Iterator[None]:
        """Runs the network's matrix products in this precision; everything that needs fp32 stays there."""
        is_lower = self.precision != "fp32"
        lower = torch.autocast(self.device.type, dtype=_DTYPES[self.precision]) if is_lower else contextlib.nullcontext()
        with lower, lstm_ways.wanted(self.backward):
            yield


def choose_device(wanted: Device) -> torch.device:
    """The device to run on.

    Raises:
        MachineError: CUDA is asked for and not there.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise MachineError("no CUDA device was found", remedy="leave --device out to run on the CPU, or install a CUDA build of torch")
    if wanted == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    _be_exact_on_cuda()
    return torch.device("cuda")


def _be_exact_on_cuda() -> None:
    """Lets fp32 be fp32: cuDNN's layers would round their factors to ten bits otherwise."""
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def set_threads(wanted: int | None) -> int:
    """Sets torch's CPU threads to `wanted`, or to one for each physical core; returns the number."""
    threads = wanted or min(physical_cores(), torch.get_num_threads())
    torch.set_num_threads(threads)
    # Numbers below 1e-38 make vector units trap and slow an LSTM down by an order of magnitude.
    torch.set_flush_denormal(True)
    return threads


@contextlib.contextmanager
def threads_for(streams: int, device: torch.device) -> Iterator[None]:
    """Runs what is inside with one CPU thread where there are few streams, with all of them elsewhere.

    A function of the shape alone, so that a figure does not depend on what else runs.
    """
    if device.type != "cpu" or streams >= FEW_STREAMS:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def choose_arithmetic(
    wanted: Precision,
    device: torch.device,
    *,
    architecture: Architecture,
    batch_size: int,
    seq_length: int,
    backward: BackwardPass | None = None,
) -> Arithmetic:
    """The precision to train in, and the backward pass; `auto` tries bf16 on the real shapes where the processor has it.

    Raises:
        MachineError: the precision asked for does not run here.
    """
    only_fp32 = cell_of(architecture.cell).only_fp32
    if only_fp32 and wanted in ("bf16", "fp16"):
        raise MachineError(f"{architecture.cell} does not train in {wanted}: {only_fp32}", remedy="use --precision fp32 or auto")
    if device.type == "cuda":
        return Arithmetic(device, "fp32", only_fp32) if only_fp32 else _on_cuda(wanted, device)
    if wanted == "fp16":
        raise MachineError("fp16 trains on CUDA only", remedy="use --precision bf16, fp32 or auto on the CPU")
    shape = _Shape(architecture, batch_size, seq_length)
    units, reason = bf16_units(), only_fp32 or ("asked for" if wanted == "fp32" else "")
    if not reason and (units or wanted == "bf16"):
        best = _best_way("bf16", backward, shape)
        if best.way is not None:
            return best.arithmetic("bf16", "asked for" if wanted == "bf16" else f"{units}; gradients within {best.error:.1%} of fp32")
        if wanted == "bf16":
            raise MachineError(f"bf16 does not train here: {best.fault}", remedy="use --precision fp32 or auto")
        reason = f"bf16 failed its check: {best.fault}"
    return _best_way("fp32", backward, shape).arithmetic("fp32", reason or "the processor has no bf16 units")


@dataclass(frozen=True)
class _Shape:
    """Of a run: its network, its streams, and the tokens of a window."""

    architecture: Architecture
    streams: int
    window: int


@dataclass(frozen=True)
class _Best:
    """The best way in which layers train in a precision; None: in none, for the last one has a fault.

    Attributes:
        way: its name.
        error: of its gradients, beside those of torch's layers in fp32.
        notes: why others are not taken, and which one is, for people.
        fault: of the last one that was tried.
    """

    way: BackwardPass | None
    error: float
    notes: tuple[str, ...]
    fault: str

    def arithmetic(self, precision: Precision, why: str) -> Arithmetic:
        return Arithmetic(torch.device("cpu"), precision, "; ".join((why, *self.notes)), self.way or "torch")


def _best_way(precision: Precision, wanted: BackwardPass | None, shape: _Shape) -> _Best:
    ways, missing = _ways(precision, wanted, shape)
    exact, error, fault = Arithmetic(torch.device("cpu"), "fp32", ""), 0.0, ""
    for one in ways:
        found, name = replace(exact, precision=precision, backward=one), "" if one == "torch" else lstm_ways.WAYS[one].NAME
        try:
            error = 0.0 if found == exact else _Probe(shape, layers=2 if name else 1).gradient_error(exact, found)
            fault = "" if error <= _LARGEST_GRADIENT_ERROR[precision] else f"its gradients are off by {error:.0%}"
        except (RuntimeError, ImportError) as failure:
            fault = str(failure).splitlines()[0]
        if not fault:
            return _Best(one, error, tuple(filter(None, (*missing, name))), "")
        missing += [f"no {name}: {fault}"] if name else []
    return _Best(None, error, tuple(missing), fault)


def _ways(precision: Precision, wanted: BackwardPass | None, shape: _Shape) -> tuple[list[BackwardPass], list[str]]:
    """In which ways layers may train, the best first and torch's last; and why others are not among them.

    Without a wish those that pay for some layer, on processors on which they were measured to be faster.
    """
    architecture = shape.architecture
    if not cell_of(architecture.cell).own_backward:
        return ["torch"], []
    by_itself = wanted is None and _has_vectors_alone()
    asked: dict[BackwardPass, ModuleType] = {
        name: way for name, way in lstm_ways.WAYS.items() if precision in way.PRECISIONS and (by_itself or name == wanted)
    }
    ways: list[BackwardPass] = []
    missing: list[str] = []
    for name, way in asked.items():
        if any(way.pays(width, architecture.hidden_size, shape.streams) for width in architecture.widths):
            if problem := way.problem(precision):
                missing.append(f"no {way.NAME}: {problem}")
            else:
                ways.append(name)
    return [*ways, "torch"], missing


def _has_vectors_alone() -> bool:
    """Whether the processor multiplies bf16 in vectors (AVX-512 BF16) and has no units for matrices (AMX), which are torch's alone.

    Both kinds with vectors were measured: those that take half of 512 bits at a time (Zen 4) and those with whole ones (Zen 5).
    """
    features = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(features.get("avx512_bf16")) and not features.get("amx_tile")


def _on_cuda(wanted: Precision, device: torch.device) -> Arithmetic:
    if wanted == "auto":
        # cuDNN's fastest recurrent kernels take fp16 and not bf16.
        return Arithmetic(device, "fp16", "cuDNN's persistent kernels")
    if wanted == "bf16" and not torch.cuda.is_bf16_supported(including_emulation=False):
        raise MachineError("this GPU does not compute in bf16", remedy="use --precision fp16, fp32 or auto")
    return Arithmetic(device, wanted, "asked for")


def bf16_units() -> str:
    """The processor's bf16 instructions by name; empty without any."""
    if getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)():
        return "AMX"
    if getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)():
        return "AVX-512 BF16"
    return ""


class _Probe:
    """One window through a small network with the run's layer widths, forward and backward.

    With two layers where each after the first is as wide as the second, for which alone another way may pay.
    """

    def __init__(self, shape: _Shape, *, layers: int) -> None:
        layers, vocab_size = min(shape.architecture.num_layers, layers), min(shape.architecture.vocab_size, 512)
        small = replace(shape.architecture, vocab_size=vocab_size, num_layers=layers, dropout=0.0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.network = LanguageModel(small)
            self.ids_TB = torch.randint(small.vocab_size, (min(shape.window, 64), min(shape.streams, 128)))

    def gradient(self, arithmetic: Arithmetic) -> torch.Tensor:
        """The gradient of the loss, all parameters in one vector."""
        self.network.zero_grad()
        with arithmetic.context():
            logits_TBV, _ = self.network(self.ids_TB, self.network.zero_state(self.ids_TB.shape[1]))
        targets = self.ids_TB.roll(-1, 0).flatten() % self.network.architecture.answers
        torch.nn.functional.cross_entropy(logits_TBV.float().flatten(0, 1), targets).backward()
        return torch.cat([parameter.grad.flatten() for parameter in self.network.parameters() if parameter.grad is not None])

    def gradient_error(self, reference: Arithmetic, other: Arithmetic) -> float:
        """Relative distance between the two gradients."""
        exact = self.gradient(reference)
        return float((self.gradient(other) - exact).norm() / exact.norm())
