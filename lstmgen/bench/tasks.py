"""What is measured: each task with its ways of doing the same work, ours and those of stock PyTorch.

Letters: T window, B streams.
"""

from __future__ import annotations

import collections
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch

from lstmgen.bench import stock
from lstmgen.bench.apart import apart
from lstmgen.bench.machine import CPU, Work, awaited
from lstmgen.bench.rounds import Pace, Side, Spread, rates
from lstmgen.choices import BenchTask
from lstmgen.choices import Precision as TrainingPrecision
from lstmgen.config import Config
from lstmgen.generation import filters
from lstmgen.generation.blocks import Blocks
from lstmgen.generation.compiled_blocks import TOKENS, CompiledBlocks
from lstmgen.generation.draw import pick
from lstmgen.generation.filters import Moment
from lstmgen.generation.sampling import Sampling
from lstmgen.media.text.char import CharTokenizer
from lstmgen.media.text.pieces import PieceTokenizer
from lstmgen.model.arithmetic import choose_arithmetic
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.model.products import Precision
from lstmgen.training.budget import Budget, Clock
from lstmgen.training.streams import Streams
from lstmgen.training.trainer import Trainer

_V: Final = 65
_EMBEDDING: Final = 128
_TEMPERATURE: Final = 0.8
_PRECISIONS: Final[tuple[Precision, ...]] = ("fp32", "bf16", "int8")
_BYTES: Final = {"fp32": 4, "bf16": 2, "fp16": 2, "int8": 1}
QUICK: Final = Pace(rounds=3, round_s=0.1)
USUAL: Final = Pace(rounds=7, round_s=0.5, steps=4)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One of our ways beside one of stock PyTorch.

    Attributes:
        task: what was measured.
        shape: layers, lanes, windows.
        ours: which of our ways.
        path: how that ran: with which kernels; empty where there is but one way.
        stock: which of PyTorch's.
        unit: what is counted a second.
        per_second: of ours.
        stock_per_second: of PyTorch's.
        ratio: of the two, round by round.
        limit: what the machine itself showed between them, were there nothing but products and the reading of weights; None: no such limit.
        share: how much of that was reached, round by round.
    """

    task: str
    shape: str
    ours: str
    path: str
    stock: str
    unit: str
    per_second: Spread
    stock_per_second: Spread
    ratio: Spread
    limit: Spread | None
    share: Spread | None


@dataclass(frozen=True, kw_only=True)
class _Task:
    """Ways of doing the same work; `work` has what ours have to do at the least, and `paths` how they run."""

    shape: str
    unit: str
    ours: Mapping[str, Side]
    stock: Mapping[str, Side]
    work: Mapping[str, Work]
    paths: Mapping[str, str] = field(default_factory=dict[str, str])


def compare(name: BenchTask, *, quick: bool = False, pace: Pace | None = None, device: torch.device = CPU) -> Iterator[Comparison]:
    """Measures a task, each of our ways beside each of PyTorch's.

    Args:
        name: of the task.
        quick: fewer and shorter rounds.
        pace: the rounds, where they are to be neither the quick nor the usual ones.
        device: where networks run.
    """
    pace = pace or (QUICK if quick else USUAL)
    for task in _TASKS[name](device):
        limits = {ours: work.sides() for ours, work in task.work.items()}
        sides = {f"stock {key}": side for key, side in task.stock.items()} | dict(task.ours)
        sides = {key: awaited(side, device) for key, side in sides.items()}
        trainings = set(sides) if name in _TRAININGS else ()
        for ours, (multiplying, reading) in limits.items():
            sides |= {f"multiplying {ours}, way {way}": side for way, side in enumerate(multiplying)} | {f"reading {ours}": reading}
        found = list(rates(sides, pace, trainings=trainings))
        for ours, other in itertools.product(task.ours, task.stock):
            yield _comparison(name, task, ours, other, found)


def _comparison(name: str, task: _Task, ours: str, other: str, found: list[dict[str, float]]) -> Comparison:
    work, stock_name = task.work.get(ours), f"stock {other}"
    limits = [] if work is None else [work.limit(_fastest(each, f"multiplying {ours}, "), each[f"reading {ours}"]) for each in found]
    return Comparison(
        task=name,
        shape=task.shape,
        ours=ours,
        path=task.paths.get(ours, ""),
        stock=other,
        unit=task.unit,
        per_second=Spread.of([each[ours] for each in found]),
        stock_per_second=Spread.of([each[stock_name] for each in found]),
        ratio=Spread.of([each[ours] / each[stock_name] for each in found]),
        limit=Spread.of(limits) if limits else None,
        share=Spread.of([each[ours] / limit for each, limit in zip(found, limits, strict=True)]) if limits else None,
    )


def _fastest(rates_of: Mapping[str, float], ways: str) -> float:
    """Of the sides whose names begin like this, in one round: a limit is what the machine shows in whichever way it is asked."""
    return max(rate for name, rate in rates_of.items() if name.startswith(ways))


def torch_version() -> str:
    """Of the PyTorch that both sides run on."""
    return torch.__version__


def peak_bytes() -> int | None:
    """Most memory that this process has held; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _architecture(hidden_size: int) -> Architecture:
    return Architecture(vocab_size=_V, embedding_size=_EMBEDDING, hidden_size=hidden_size, num_layers=2)


def _sizes(architecture: Architecture) -> dict[str, int]:
    return {name: getattr(architecture, name) for name in ("vocab_size", "embedding_size", "hidden_size", "num_layers")}


def _sampling(lanes: int, device: torch.device) -> Iterator[_Task]:
    architecture, threads = _architecture(512), torch.get_num_threads() if lanes > 1 else 1
    precisions = _PRECISIONS if device.type == "cpu" else _PRECISIONS[:1]
    torch.manual_seed(0)
    network = LanguageModel(architecture).eval().to(device)
    decoders = {precision: Decoder(network, precision=precision) for precision in precisions}
    size = architecture.hidden_size
    weights = 12 * size * size + _V * size  # the first layer's input is looked up
    yield _Task(
        shape=f"2 x {size}, {lanes} lane{'s' if lanes > 1 else ''}",
        unit="tokens",
        ours={precision: _drawn(decoder, lanes) for precision, decoder in decoders.items()},
        paths={precision: decoder.path for precision, decoder in decoders.items()},
        stock={
            "fp32": stock.sampling(stock.network_of(_sizes(architecture), batch_first=True).to(device), lanes, temperature=_TEMPERATURE)
        },
        work={
            precision: Work(
                tokens=lanes,
                multiplications=lanes * weights,
                weight_bytes=weights * _BYTES[precision],
                precision=precision,
                threads=threads,
                device=device,
            )
            for precision in precisions
        },
    )


def _drawn(decoder: Decoder, lanes: int) -> Side:
    sampling = Sampling(temperature=_TEMPERATURE)
    wanted, moments = filters.build(sampling), [Moment(0, None)] * lanes
    random = np.random.default_rng(0)

    def one_by_one(repetitions: int) -> int:
        ids, state = [0] * lanes, decoder.start(lanes)
        for _ in range(repetitions):
            logits_BV, state = decoder.step(ids, state)
            ids = [drawn.token for drawn in pick(logits_BV, wanted, moments, uniforms=random.random(lanes).tolist())]
        return repetitions * lanes

    decoder.compile()
    if lanes > decoder.block_lanes:
        return one_by_one
    blocks = Blocks(decoder, sampling) if decoder.compiled is None else CompiledBlocks(decoder.compiled, sampling)

    def in_blocks(repetitions: int) -> int:
        logits_BV, state = decoder.step([0] * lanes, decoder.start(lanes))
        for _ in range(repetitions):
            _, _, logits_BV, state = blocks.draw(logits_BV, state, random.random((lanes, TOKENS)))
        return repetitions * lanes * TOKENS

    return in_blocks


def _training(device: torch.device, precision: TrainingPrecision = "auto") -> Iterator[_Task]:
    """In fp32 the usual loop stands beside the best one: it is what a processor without bf16 runs."""
    for hidden_size, streams, window in ((384, 32, 32), (512, 64, 128)):
        yield from _training_of(hidden_size, streams, window, device=device, precision=precision)


def _training_of(hidden_size: int, streams: int, window: int, *, device: torch.device, precision: TrainingPrecision) -> Iterator[_Task]:
    """One shape; on a CPU stock PyTorch has processes of its own."""
    architecture, ids = _architecture(hidden_size), stock.text(streams * window, _V)
    trainer = _trainer(architecture, ids, streams=streams, window=window, device=device, precision=precision)
    numbers, threads = trainer.arithmetic.precision, torch.get_num_threads()
    with ExitStack() as others:

        def beside(name: str) -> Side:
            asked: dict[str, Any] = {"sizes": _sizes(architecture), "streams": streams, "window": window, "precision": name}
            on_cpu = device.type == "cpu"
            return others.enter_context(apart(**asked, threads=threads)) if on_cpu else stock.training_of(**asked, device=device)

        yield _Task(
            shape=f"2 x {hidden_size}, {streams} streams of {window}",
            unit="tokens",
            ours={numbers: _stepped(trainer)},
            paths={numbers: trainer.learner.path},
            stock={name: beside(name) for name in dict.fromkeys((numbers, "fp32" if precision == "auto" else stock.USUAL))},
            work={
                numbers: Work(
                    tokens=streams * window,
                    multiplications=3 * architecture.num_parameters * streams * window,
                    weight_bytes=architecture.num_parameters * _BYTES[numbers],
                    precision=numbers,
                    threads=threads,
                    device=device,
                )
            },
        )


def _trainer(
    architecture: Architecture, ids: Any, *, streams: int, window: int, device: torch.device, precision: TrainingPrecision
) -> Trainer:
    torch.manual_seed(0)
    config = Config().replace(
        {"training.batch_size": streams, "training.seq_length": window, "training.eval_every": 2**30, "optimizer.lr": 1e-3}
    )
    return Trainer(
        LanguageModel(architecture).to(device),
        reader=Streams(ids, batch_size=streams, seq_length=window),
        validation=None,
        config=config,
        budget=Budget(max_steps=2**30),
        arithmetic=choose_arithmetic(precision, device, architecture=architecture, batch_size=streams, seq_length=window),
        clock=Clock(),
    )


def _stepped(trainer: Trainer) -> Side:
    def side(repetitions: int) -> int:
        before = trainer.counters.tokens
        trainer.pause_at = trainer.counters.step + repetitions
        collections.deque(trainer.run(), maxlen=0)
        return trainer.counters.tokens - before

    return side


def _encoding(device: torch.device) -> Iterator[_Task]:
    del device
    symbols = [chr(32 + place) for place in range(_V - 1)]
    text = "".join(np.random.default_rng(0).choice(symbols, 200_000))
    tokenizer = CharTokenizer.from_counts(collections.Counter(text))
    id_of = {symbol: place for place, symbol in enumerate(symbols)}

    def ours(repetitions: int) -> int:
        for _ in range(repetitions):
            tokenizer.encode(text)
        return repetitions * len(text)

    def usual(repetitions: int) -> int:
        for _ in range(repetitions):
            np.array([id_of[symbol] for symbol in text], dtype=np.uint16)
        return repetitions * len(text)

    yield _Task(shape="char", unit="characters", ours={"encode": ours}, stock={"a dictionary": usual}, work={})
    yield _encoding_pieces()


def _encoding_pieces() -> _Task:
    """Words as often as in a language, ten in a line: the most frequent one twice as often as the next."""
    random = np.random.default_rng(0)
    words = ["".join(map(chr, random.integers(97, 123, random.integers(1, 9)))) for _ in range(3_000)]
    chosen = [words[rank] for rank in random.zipf(1.3, 30_000).tolist() if rank < len(words)]
    text = "\n".join(" ".join(chosen[first : first + 10]) for first in range(0, len(chosen), 10))
    tokenizer = PieceTokenizer.train("bpe", lambda: [text], counts=collections.Counter(text), vocab_size=512)

    def side(encode: Callable[[str], Any]) -> Side:
        def repeated(repetitions: int) -> int:
            for _ in range(repetitions):
                encode(text)
            return repetitions * len(text)

        return repeated

    ours, usual = {"encode": side(tokenizer.encode)}, {"sentencepiece": side(tokenizer.encode_whole)}
    return _Task(shape="bpe", unit="characters", ours=ours, stock=usual, work={})


_TRAININGS: Final[tuple[BenchTask, ...]] = ("train", "train-fp32")
_TASKS: Final[Mapping[BenchTask, Callable[[torch.device], Iterator[_Task]]]] = {
    "sample": lambda device: _sampling(1, device),
    "lanes": lambda device: _sampling(64, device),
    "train": _training,
    "train-fp32": lambda device: _training(device, "fp32"),
    "encode": _encoding,
}
