"""Features that are typed as regular expressions, for every medium."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstmgen.errors import UsageError
from lstmgen.media.features import Feature


def matches(pattern: str, text: str, known: Sequence[Feature]) -> tuple[Feature, NDArray[np.float64]]:
    """Whether each character of a text lies in a match of a pattern, 1 or 0.

    Raises:
        UsageError: it is no regular expression; `known` is what could have been meant instead.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        names = ", ".join(feature.name for feature in known)
        raise UsageError(
            f"{pattern!r} is neither a feature nor a regular expression: {error}", remedy=f"--find with one of {names}, or a pattern"
        ) from error
    inside = np.zeros(len(text))
    for match in compiled.finditer(text):
        inside[match.start() : match.end()] = 1.0
    return Feature(name=pattern, about=f"within a match of {pattern}"), inside
