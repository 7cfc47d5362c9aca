"""`lstmgen corpora`: the texts and tunes that can be named as a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from lstmgen import api
from lstmgen.cli.bars import work_bar
from lstmgen.cli.command import Command
from lstmgen.cli.complete import corpus_names
from lstmgen.cli.options import JSON, cache
from lstmgen.cli.output import Streams
from lstmgen.cli.wording import counted, size
from lstmgen.cli.wrapping import PAGE_COLUMNS, listed
from lstmgen.options import Option

_EXAMPLES: Final = (
    "lstmgen corpora                          # what there is",
    "lstmgen corpora get tinyshakespeare      # download, verify, keep",
    "lstmgen train tinyshakespeare            # a corpus is a source like any other",
    "lstmgen corpora get bach-chorales        # convert music21's chorales to MIDI, once",
    'wc "$(lstmgen corpora path tinyshakespeare)"',
)
_WORDS: Final = {"bundled": "bundled", "machine": "on this machine", "package": "converted", "download": "download"}

_NAME: Final = Option(name="name", unit="NAME", required=True, help="Name of a corpus.", complete=corpus_names)


def list_corpora(streams: Streams, *, json: bool) -> None:
    """List all corpora, with their size and whether they are here already."""
    rows = [(entry, api.corpus_is_here(entry.name, cache())) for entry in api.corpora(cache())]
    if json:
        for entry, here in rows:
            streams.object_line(_as_object(entry, available=here))
        return
    column = max(len(entry.name) for entry, _ in rows) + 2
    for entry, here in rows:
        state = _WORDS[entry.kind] if here else f"not here yet: {api.how_to_get_corpus(entry)}"
        amount = f"{size(entry.size_bytes)} of {entry.content}" if entry.size_bytes is not None else entry.content
        facts = (entry.name, f"{amount}, {state}, {entry.licence}"), ("", entry.description)
        for line in listed(facts, min(streams.out_columns, PAGE_COLUMNS), column=column):
            streams.product_line(line)


def get(streams: Streams, *, name: str, json: bool) -> None:
    """Make a corpus available: download it and verify its hash, or convert it; keep it in the cache. Prints where it is."""
    entry = api.find_corpus(name)
    here = api.corpus_is_here(name, cache())
    if here:
        streams.say(f"{name} is here already")
    elif entry.kind == "download":
        streams.say(f"fetching {entry.location}")
        streams.explain(f"expecting {counted(entry.size_bytes or 0, 'byte')} with sha256 {entry.sha256}")
    with work_bar(streams, name, shown=size if entry.kind == "download" else _pieces, patience_s=0.0) as progress:
        place = api.get_corpus(name, cache(), progress=progress)
    if entry.kind == "package" and not here:
        _tell_converted(streams, name)
    _tell_place(streams, name, place, json=json)


def _tell_converted(streams: Streams, name: str) -> None:
    made = api.conversion_of(name, cache())
    if made is not None:
        streams.say(f"{name}: {counted(made.files, 'piece')} by music21 {made.music21}, {len(made.skipped)} left out")
        for what, reason in made.skipped:
            streams.explain(f"left out: {what}: {reason}")


def path(streams: Streams, *, name: str, json: bool) -> None:
    """Print the file or folder of a corpus that is here already."""
    if not api.corpus_is_here(name, cache()):
        api.corpus_files(name, cache())  # raises, and says how to get it
    _tell_place(streams, name, api.get_corpus(name, cache()), json=json)


def _tell_place(streams: Streams, name: str, place: Path, *, json: bool) -> None:
    facts = _as_object(api.find_corpus(name, cache()), available=True) if json else {}
    if json:
        streams.object_line(facts | {"path": str(place)})
    else:
        streams.product_line(str(place))


def _pieces(number: float) -> str:
    return counted(int(number), "piece")


def _as_object(entry: api.Corpus, *, available: bool) -> dict[str, Any]:
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
