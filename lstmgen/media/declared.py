"""What the media add to commands. No numpy: the command line declares itself with it, before it knows of which medium anything is."""

from __future__ import annotations

import importlib

from lstmgen import choices
from lstmgen.options import Option


def media_options(command: str) -> dict[str, tuple[Option, ...]]:
    """The options that each medium adds to a command, by the medium's label; those of `train` are settings, by `section.key`."""
    modules = {name: importlib.import_module(f"{entry.home}.options") for name, entry in choices.MEDIA.items()}
    return {choices.label_of(name): getattr(module, f"{command.upper()}_OPTIONS") for name, module in modules.items()}
