"""`lstmgen score --keystrokes`: how many keys three suggestions of words save."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lstmgen import api
from lstmgen.cli.bars import work_bar
from lstmgen.cli.options import cache
from lstmgen.cli.output import Streams, one_line
from lstmgen.cli.table import figure, write_table
from lstmgen.errors import LstmgenError
from lstmgen.wording import counted

WORDS: Final = 500


def report(streams: Streams, model: api.TrainedModel, items: Iterable[tuple[str, Any]], *, words: int, json: bool) -> None:
    """The keys that are saved in the first words of each item, as a table or as JSON.

    Args:
        streams: where it is told.
        model: what suggests.
        items: names and texts.
        words: of each item.
        json: as JSON.
    """
    rows = [["text", "words", "keys", "saved", "n-gram"]]
    try:
        learned = api.typed_part(model, "train", cache=cache())
    except LstmgenError as error:
        learned = None
        streams.say(f"note: there is no n-gram beside it: {error.message}")
    for name, item in items:
        with work_bar(streams, f"typing {name}", shown=lambda number: counted(round(number), "word")) as progress:
            found = api.typed(model, item, learned=learned, words=words, progress=progress).to_json()
        if json:
            streams.object_line(found | {"source": name})
        rows.append([one_line(name), *(figure(found[key], form) for key, form in _COLUMNS)])
    if not json:
        write_table(streams, rows)


_COLUMNS: Final = (("words", ",d"), ("keys", ",d"), ("saved", ".1%"), ("saved_ngram", ".1%"))
