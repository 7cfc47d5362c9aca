"""What a model file says of how its sources were read."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Final

from lstmgen.config import DataConfig, from_dict
from lstmgen.errors import LstmgenError
from lstmgen.media.base import Medium

CORRECTIONS: Final = "corrections"
"""Where a summary says what a network expects otherwise than items are."""


def recorded_data(summary: Mapping[str, Any], medium: Medium) -> DataConfig:
    """How the sources of a model were read, by its training summary; in the usual way where that says nothing that can be used."""
    with contextlib.suppress(LstmgenError, AttributeError):
        data = from_dict({"data": summary.get("settings", {}).get("data", {})}).data
        medium.manner(data)
        return data
    return DataConfig()
