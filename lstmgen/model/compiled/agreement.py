"""Whether compiled loops have the numbers of a decoder's usual path, bit for bit: which networks they know, and a proof.

That they have is kept beside the loops, for processes that read without torch. It depends on the shape of a network, and not on its
weights: both ways choose what they do by the shape.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import numpy as np
import torch
from torch import Tensor

from lstmgen.errors import LstmgenError
from lstmgen.model.cells import lstm
from lstmgen.model.compiled import code
from lstmgen.model.compiled.step import CompiledStep, facts, suits
from lstmgen.model.language_model import LanguageModel
from lstmgen.model.state import State
from lstmgen.model.token_parts import TokenLayer

_LANES: Final = 6
"""Four that compiled loops take together, and two by themselves."""
_TOKENS: Final = 4


def unsuitable(network: LanguageModel, layers: Sequence[TokenLayer], precision: str) -> str:
    """Why a decoder's token cannot be compiled on any machine; empty: it can."""
    if network.device.type != "cpu":
        return "not compiled: the network is not on the CPU"
    if network.head.weight.dtype != torch.float32 or not all(isinstance(layer.kernel, lstm.Kernel) for layer in layers):
        return "not compiled: not an LSTM in fp32"
    return "" if suits(network.architecture, precision) else "not compiled: its widths or its vocabulary do not suit"


def agreed(
    network: LanguageModel, layers: Sequence[TokenLayer], precision: str, *, alone: Callable[[int, State], tuple[Tensor, State]]
) -> tuple[CompiledStep | None, str]:
    """The token of a decoder in compiled loops; or None, and why it is not to be had.

    Args:
        network: of the decoder.
        layers: the decoder's.
        precision: of its weights.
        alone: (token, state) -> logits and state after it: the usual path for one lane.
    """
    try:
        loops = code.made()
        step = CompiledStep(loops, _arrays(network, layers), network.architecture, precision=precision, threads=torch.get_num_threads)
        table_VG = layers[0].table_VG
        if not (np.array_equal(cast("Any", table_VG), step.network.table_VG) and _agrees(step, network, alone)):
            return None, "not compiled: the numbers would differ"
        with contextlib.suppress(LstmgenError):  # it is proven again the next time
            code.keep_proof(loops, facts(network.architecture, precision))
    except Exception as error:
        return None, f"not compiled: {str(error).splitlines()[0]}"
    return step, ""


def _arrays(network: LanguageModel, layers: Sequence[TokenLayer]) -> dict[str, Any]:
    weights = network.tensors()
    for number, layer in enumerate(layers):
        weights |= {f"layers.{number}.{name}": weight for name, weight in cast("lstm.Kernel", layer.kernel).weights.items()}
    return {name: weight.detach().numpy() for name, weight in weights.items()}


def _agrees(step: CompiledStep, network: LanguageModel, alone: Callable[[int, State], tuple[Tensor, State]]) -> bool:
    """Whether lanes that compiled loops take together or alone are what they are on the usual path."""
    together, states = step.start(_LANES), [network.zero_state(1) for _ in range(_LANES)]
    for ids in np.random.default_rng(0).integers(network.architecture.vocab_size, size=(_TOKENS, _LANES)).tolist():
        logits_BV, together = step(ids, together)
        for lane, token in enumerate(ids):
            logits_1V, states[lane] = alone(token, states[lane])
            found = together.select(slice(lane, lane + 1)).tensors()
            same = map(np.array_equal, states[lane].tensors().values(), found.values())
            if not np.array_equal(logits_1V[0], logits_BV[lane]) or not all(same):
                return False
    return True
