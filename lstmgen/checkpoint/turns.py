"""Texts that a user and a model wrote in turns and that were not saved: they are the user's, and kept beside the model."""

from __future__ import annotations

import contextlib
import itertools
import os
from pathlib import Path

from lstmgen import run_files, storage
from lstmgen.opening import open_regular


def keep_text(model: Path, text: bytes, *, elsewhere: Path) -> Path:
    """Keeps a text that was written with a model: in its run folder, or in another one where it has none that can be written.

    A text that continues one that is kept takes its place; any other has a file of its own. Returns the file.

    Raises:
        MachineError: it cannot be written.
    """
    is_run = model.name == run_files.MODEL and os.access(model.parent, os.W_OK | os.X_OK)
    folder = model.parent if is_run else storage.make_folder(elsewhere)
    name = Path(run_files.TURNS)
    places = (folder / (name if number == 1 else f"{name.stem}-{number}{name.suffix}") for number in itertools.count(1))
    path = next(place for place in places if not os.path.lexists(place) or _begins_with_file(text, place))
    storage.atomic_write(path, text, follow=False)
    return path


def _begins_with_file(text: bytes, path: Path) -> bool:
    """Whether a file is a regular one, and its content the beginning of the text."""
    with contextlib.suppress(OSError), open_regular(path, follow=False) as stream:
        content = stream.read(len(text) + 1)
        return len(content) <= len(text) and text.startswith(content)
    return False
