"""The processes that train one model together, as torchrun starts them: which one this is, what the first tells the others, sums over all.

    torchrun --nproc-per-node 4 -m lstmgen train story.txt

The process of rank 0 leads: it alone reads sources, decides, writes and shows. The others help: each takes its share of the streams, hears
what the next step is, and adds its gradients. So the data need to be on the leader's machine only, and a run is what it would be with one
process. Gradients on GPUs are summed by nccl; everything else goes by gloo. Whoever has to know how many processes there are asks here.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, final

from lstmgen.errors import LostProcessError, MachineError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

_VARIABLES: Final = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun sets in the environment of every process."""
_START: Final = "torchrun --nproc-per-node 2 -m lstmgen train SOURCE"
_SUMS_TAKE: Final = timedelta(minutes=10)
"""A process that has not added its gradients by then is lost: all of them have the same to do."""
_ORDERS_TAKE: Final = timedelta(days=30)
"""Between two orders the leader may read a corpus, validate, or wait for a disk."""


def join(environ: Mapping[str, str]) -> Group:
    """The group that this process belongs to; waits until all of it are there. `ALONE` where torchrun has not started it.

    Raises:
        UsageError: the variables make no sense.
        MachineError: the others cannot be reached.
    """
    rank, size, local_rank = place_of(environ)
    if size == 1:
        return ALONE
    import torch
    from torch import distributed

    if not distributed.is_available():
        raise MachineError("this build of torch cannot train with several processes", remedy="start one: lstmgen train SOURCE")
    gpus = torch.cuda.device_count()
    if gpus:
        torch.cuda.set_device(local_rank % gpus)
    # nccl needs a GPU for each process; gloo sums what lies on one GPU too, over the CPU.
    backend = "cpu:gloo,cuda:nccl" if gpus >= int(environ.get("LOCAL_WORLD_SIZE") or size) else "gloo"
    try:
        distributed.init_process_group(backend, rank=rank, world_size=size, timeout=_SUMS_TAKE)
        orders = distributed.new_group(backend="gloo", timeout=_ORDERS_TAKE)
    except (RuntimeError, ValueError) as error:
        said = str(error).splitlines()[0]
        raise MachineError(f"process {rank} of {size} cannot reach the others: {said}", remedy=f"start them again: {_START}") from error
    return Group(rank=rank, size=size, orders=orders)


def place_of(environ: Mapping[str, str]) -> tuple[int, int, int]:
    """Rank, number of processes, rank on this machine; (0, 1, 0) where torchrun has not started this process. Loads no torch.

    Raises:
        UsageError: the variables make no sense.
    """
    given = {name: environ[name] for name in _VARIABLES if environ.get(name)}
    if "WORLD_SIZE" not in given or given["WORLD_SIZE"] == "1":
        return 0, 1, 0
    missing = [name for name in _VARIABLES if name not in given]
    if missing:
        raise UsageError(f"WORLD_SIZE says {given['WORLD_SIZE']} processes, but {', '.join(missing)} is not set", remedy=_START)
    try:
        size, rank, local_rank = (int(given[name]) for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"))
    except ValueError:
        rank = size = local_rank = 0
    if not 0 <= rank < size or local_rank < 0:
        said = ", ".join(f"{name}={given[name]}" for name in _VARIABLES[:3])
        raise UsageError(f"the variables of torchrun make no sense: {said}", remedy=_START)
    return rank, size, local_rank


@final
@dataclass(frozen=True, kw_only=True)
class Group:
    """Processes that train one model together.

    Attributes:
        rank: of this one; 0 leads.
        size: how many there are.
        orders: torch's group in which the leader speaks.
    """

    rank: int = 0
    size: int = 1
    orders: Any = None

    def share(self, streams: int) -> slice:
        """Which of so many streams, a multiple of the size, are those of this process."""
        each = streams // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def tell(self, order: Mapping[str, Any], tensors: Mapping[str, Tensor] | None = None) -> None:
        """Says something to all others, who hear it.

        Args:
            order: JSON values.
            tensors: by name; of floating-point numbers or whole ones.

        Raises:
            LostProcessError: not all are there any more.
        """
        if self.size == 1:
            return
        import torch

        sent = {name: tensor.detach().cpu().contiguous() for name, tensor in (tensors or {}).items()}
        shapes = [(name, str(tensor.dtype).removeprefix("torch."), list(tensor.shape)) for name, tensor in sent.items()]
        text = bytearray(json.dumps([order, shapes]).encode())
        for tensor in (torch.tensor([len(text)]), torch.frombuffer(text, dtype=torch.uint8), *sent.values()):
            self._pass_on(tensor)

    def hear(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """What the leader says next. Raises LostProcessError: it has gone."""
        import torch

        size = torch.zeros(1, dtype=torch.int64)
        self._pass_on(size)
        text = torch.empty(int(size), dtype=torch.uint8)
        self._pass_on(text)
        order, shapes = json.loads(text.numpy().tobytes())
        tensors = {name: torch.empty(shape, dtype=getattr(torch, dtype)) for name, dtype, shape in shapes}
        for tensor in tensors.values():
            self._pass_on(tensor)
        return order, tensors

    def _pass_on(self, tensor: Tensor) -> None:
        from torch import distributed

        with self._all_there():
            distributed.broadcast(tensor, 0, group=self.orders)

    def add(self, tensor: Tensor) -> None:
        """Puts the sum over all processes in the place of a tensor. Raises LostProcessError: not all are there any more."""
        if self.size == 1:
            return
        from torch import distributed

        with self._all_there():
            distributed.all_reduce(tensor)

    @contextlib.contextmanager
    def _all_there(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, ValueError) as error:
            raise LostProcessError(
                f"one of the {self.size} processes of this run has ended, or does not answer",
                remedy="look at what it said, and start the run again with --resume RUN",
            ) from error

    def end(self, exit_code: int) -> None:
        """The leader's last word: the others end too, with this exit code."""
        if self.size == 1:
            return
        from torch import distributed

        with contextlib.suppress(LostProcessError):
            if self.rank == 0:
                self.tell({"do": "end", "exit_code": exit_code})
            distributed.destroy_process_group()


ALONE: Final = Group()
