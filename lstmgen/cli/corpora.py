"""`lstmgen corpora`: the texts and tunes that can be named as a source."""

from __future__ import annotations

import os
import textwrap
from typing import Any, Final

from lstmgen.cli.bars import work_bar
from lstmgen.cli.command import Command
from lstmgen.cli.complete import corpus_names
from lstmgen.cli.options import JSON
from lstmgen.cli.output import Streams, to_json
from lstmgen.cli.wording import command, counted, size
from lstmgen.options import Option

_EXAMPLES: Final = (
    "lstmgen corpora                          # what there is",
    "lstmgen corpora get tinyshakespeare      # download, verify, keep",
    "lstmgen train tinyshakespeare            # a corpus is a source like any other",
    "lstmgen corpora get bach-chorales        # convert music21's chorales to MIDI, once",
    'wc "$(lstmgen corpora path tinyshakespeare)"',
)
_WORDS: Final = {"bundled": "bundled", "machine": "on this machine", "package": "converted", "download": "download"}
_WIDTH: Final = 100

_NAME: Final = Option(name="name", unit="NAME", required=True, help="Name of a corpus.", complete=corpus_names)


def list_corpora(streams: Streams, *, json: bool) -> None:
    """List all corpora, with their size and whether they are here already."""
    from lstmgen.corpus import catalog

    rows = [(entry, catalog.is_available(entry.name, _cache())) for entry in catalog.entries(_cache())]
    if json:
        for entry, here in rows:
            streams.product_line(to_json(_as_object(entry, available=here)))
        return
    width = max(len(entry.name) for entry, _ in rows) + 2
    for entry, here in rows:
        state = _WORDS[entry.kind] if here else f"not here yet: {_how_to_get(entry)}"
        amount = f"{size(entry.size_bytes)} of {entry.content}" if entry.size_bytes is not None else entry.content
        streams.product_line(f"{entry.name:<{width}}{amount}, {state}, {entry.licence}")
        for line in textwrap.wrap(entry.description, _WIDTH - width):
            streams.product_line(" " * width + line)


def get(streams: Streams, *, name: str, json: bool) -> None:
    """Make a corpus available: download it and verify its hash, or convert it; keep it in the cache. Prints where it is."""
    from lstmgen.corpus import catalog

    entry = catalog.find(name)
    here = catalog.is_available(name, _cache())
    if here:
        streams.say(f"{name} is here already")
    elif entry.kind == "download":
        streams.say(f"fetching {entry.location}")
        streams.explain(f"expecting {entry.size_bytes:,} bytes with sha256 {entry.sha256}")
    with work_bar(streams, name, shown=size if entry.kind == "download" else _pieces, patience_s=0.0) as progress:
        place = catalog.get(name, _cache(), progress=progress)
    if entry.kind == "package" and not here:
        _tell_converted(streams, name)
    _tell_place(streams, catalog.find(name, _cache()), place, json=json)


def _tell_converted(streams: Streams, name: str) -> None:
    from lstmgen.corpus import music21_corpus

    made = music21_corpus.stamp_of(name, _cache())
    if made is not None:
        streams.say(f"{name}: {counted(made.files, 'piece')} by music21 {made.music21}, {len(made.skipped)} left out")
        for what, reason in made.skipped:
            streams.explain(f"left out: {what}: {reason}")


def path(streams: Streams, *, name: str, json: bool) -> None:
    """Print the file or folder of a corpus that is here already."""
    from lstmgen.corpus import catalog

    if not catalog.is_available(name, _cache()):
        catalog.path_of(name, _cache())
    _tell_place(streams, catalog.find(name, _cache()), catalog.get(name, _cache()), json=json)


def _tell_place(streams: Streams, entry: Any, place: Any, *, json: bool) -> None:
    streams.product_line(to_json(_as_object(entry, available=True) | {"path": str(place)}) if json else str(place))


def _how_to_get(entry: Any) -> str:
    from lstmgen.corpus import music21_corpus

    missing = entry.kind == "package" and not music21_corpus.is_installed()
    return music21_corpus.INSTALL if missing else command("corpora", "get", entry.name)


def _pieces(number: float) -> str:
    return counted(int(number), "piece")


def _cache() -> Any:
    from lstmgen.storage import cache_folder

    return cache_folder(os.environ)


def _as_object(entry: Any, *, available: bool) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "content": entry.content,
        "available": available,
        "bytes": entry.size_bytes,
        "licence": entry.licence,
        "location": entry.location,
        "sha256": entry.sha256,
        "description": entry.description,
    }


COMMAND: Final = Command(
    name="corpora",
    run=list_corpora,
    help="""Texts and tunes to name as a SOURCE: bundled, found here, converted from a package, or to download.

    Nothing is ever downloaded or converted but by `corpora get`.""",
    examples=_EXAMPLES,
    options=(JSON,),
    commands=(
        Command(
            name="list", run=list_corpora, options=(JSON,), examples=("lstmgen corpora list", "lstmgen corpora list --json | jq -r .name")
        ),
        Command(
            name="get",
            run=get,
            options=(_NAME, JSON),
            examples=("lstmgen corpora get tinyshakespeare", "lstmgen corpora get bach-chorales"),
        ),
        Command(
            name="path",
            run=path,
            options=(_NAME, JSON),
            examples=("lstmgen corpora path python-docs", "lstmgen info $(lstmgen corpora path tinyshakespeare)"),
        ),
    ),
)
