"""Many tokens at a time, drawn by compiled loops, with the numbers of `draw.pick` and its filters bit for bit. No torch.

The host hands over random numbers, and learns afterwards which tokens they were. `blocks.py` does the same on a GPU.

Letters: B lanes, K tokens of a block, V vocabulary.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import ModelFileError
from lstmgen.generation.sampling import Sampling
from lstmgen.model.compiled.step import CompiledStep
from lstmgen.model.state import State

TOKENS: Final = 32
"""K: enough that launching them takes no time, and few enough that what is drawn behind the end of a sample takes none either."""
LARGEST: Final = 1e300
"""In the place of an infinite logit."""
UNSUITABLE: Final = "a block is drawn at one temperature, by nothing that was drawn before"
NO_USABLE_NUMBER: Final = "the network's output holds no usable number: its weights are too large"


def suits(sampling: Sampling) -> bool:
    """Whether a token is drawn by these settings without knowing which ones were drawn before it, or how many; and not by `typical_p`."""
    return isinstance(sampling.temperature, (int, float)) and sampling.repetition_penalty == 1 and sampling.typical_p == 1


class CompiledBlocks:
    """Draws blocks of tokens.

    Args:
        step: of the decoder.
        sampling: that `suits`.
        allowed_V: which ids may be drawn; None: all of them.

    Raises:
        ValueError: the settings do not suit.
    """

    def __init__(self, step: CompiledStep, sampling: Sampling, allowed_V: NDArray[np.bool_] | None = None) -> None:
        if not (suits(sampling) and isinstance(sampling.temperature, (int, float))):
            raise ValueError(UNSUITABLE)
        self._step = step
        self._choice = step.choice(
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            least=math.log(sampling.min_p) if sampling.min_p else -math.inf,
            allowed_V=allowed_V,
        )

    @staticmethod
    def tokens(wanted: int) -> int:
        """How many a block has when so many are wanted."""
        return min(wanted, TOKENS)

    def draw(
        self, logits_BV: Any, state: State, uniforms_BK: NDArray[np.float64]
    ) -> tuple[list[list[int]], list[list[float]], NDArray[np.float32], State]:
        """The tokens of each lane, K each, and their surprisals; the logits of the token after them, and the state.

        Raises:
            ModelFileError: no logit of a row is a usable number.
        """
        drawn = self._step.draw(self._choice, logits_BV, state, uniforms_BK)
        if drawn is None:
            raise ModelFileError(NO_USABLE_NUMBER, remedy="train the model again")
        token_KB, nats_KB, after_BV, after = drawn
        return token_KB.T.tolist(), nats_KB.T.tolist(), after_BV, after
