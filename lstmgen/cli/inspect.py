"""`lstmgen inspect`: a look inside a model: gates and states token by token, units that follow features, gradients, context."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, get_args

from lstmgen import api, choices
from lstmgen.cli.bars import work_bar
from lstmgen.cli.command import Command
from lstmgen.cli.complete import paths
from lstmgen.cli.items import DATA_FIELDS, read_items
from lstmgen.cli.media import chosen, medium_of_model, options_of
from lstmgen.cli.options import DEVICE, JSON, MODEL, OUTPUT, STANDARD_INPUT, THREADS, as_typed, cache, load_model
from lstmgen.cli.output import Streams
from lstmgen.cli.shading import Shade, shaded
from lstmgen.cli.table import write_table, write_words
from lstmgen.cli.wording import amount, command, counted
from lstmgen.cli.wording import size as file_size
from lstmgen.errors import LstmgenError, UsageError
from lstmgen.options import Option

_EXAMPLES: Final = (
    "lstmgen inspect RUN 'some words'                 # how surprising each character is",
    "lstmgen inspect RUN --show 2:cell:37             # one unit, in what it writes itself",
    "lstmgen inspect RUN chapter.txt -o page.html     # every gate and unit, in a browser",
    "lstmgen inspect RUN code.py --find quotes        # which unit knows an open quote",
    "lstmgen inspect RUN code.py --find 'def \\w+'     # or whether this pattern matches",
    "lstmgen inspect TUNES --find last-beat           # of music, in the tunes that were held out",
    "lstmgen inspect RUN --context                    # how far it looks back",
    "lstmgen inspect RUN --gradient --against rnn     # how far its gradient reaches",
)
_FIRST: Final = {"terminal": 600, "page": 5_000, "find": 40_000}
"""Tokens that are looked at where nothing is said."""
_TOP: Final = 5
_LOOK: Final = "what to look at"

_BEFORE: Final = (
    MODEL,
    Option(
        name="what",
        unit="TEXT|FILE",
        help="What it reads: a file, - for standard input, or the text itself; of music notes. Where not given what it writes itself; with "
        "--find, --gradient and --context what its run held out. --find reads all that a folder holds.",
        complete=paths,
    ),
    Option(
        name="show",
        flags="--show",
        unit="WHAT",
        help="surprisal, the default, a gate or state as the mean of a layer (2:forget), or of one unit (2:cell:37).",
        panel=_LOOK,
    ),
    Option(
        name="find",
        flags="--find",
        unit="FEATURE",
        help="Find the units that follow a feature: of text quotes, brackets, comment, column, indent, line-end or word, of tunes bar, "
        "beat, last-beat, pitch or sounding; or whether a regular expression matches.",
        panel=_LOOK,
    ),
    Option(name="top", flags="--top", type=int, unit="N", low=1, high=1000, help="Units that --find lists. [5]", panel=_LOOK),
    Option(
        name="gradient",
        flags="--gradient",
        type=bool,
        help="How much of the gradient reaches k tokens back, before and after training.",
        panel=_LOOK,
    ),
    Option(
        name="against",
        flags="--against",
        choices=choices.cell_names(),
        repeated=True,
        help="With --gradient: an untrained network of the same shape with this cell beside it; several may be given.",
        panel=_LOOK,
    ),
    Option(
        name="contexts",
        flags="--context",
        type=bool,
        help="The loss where the state is emptied 1, 2, 4 ... 1,024 tokens before.",
        panel=_LOOK,
    ),
    Option(
        name="first",
        flags="--first",
        type=int,
        unit="N",
        low=1,
        help="Look at so many tokens. [600 in the terminal, 5,000 of a page, 40,000 with --find, all with --gradient and --context]",
        panel=_LOOK,
    ),
    Option(name="seed", flags="-s --seed", type=int, unit="N", low=0, default=0, help="Of what is drawn.", panel=_LOOK),
)
_BEHIND: Final = (
    Option(
        name="out",
        flags="-o --out",
        unit="PAGE.html",
        type=Path,
        help="Write a page to scrub through; with --gradient a picture, .svg or .png.",
        panel=OUTPUT,
        complete=paths,
    ),
    JSON,
    DEVICE,
    THREADS,
)


def run(
    streams: Streams, *, model: str, what: str | None, show: str | None, find: str | None, gradient: bool, contexts: bool, **values: Any
) -> None:
    """Look inside a model: gates, states and surprisal token by token, or what of it knows what.

    Layers and units are counted from 1. What a unit is worth is measured on a half of the text that it was not chosen on, beside an
    untrained network. --json gives the numbers.
    """
    modes = [flag for flag, given in (("--find", find), ("--gradient", gradient), ("--context", contexts)) if given]
    if len(modes) > 1:
        raise UsageError(f"{' and '.join(modes)} are looks of their own", remedy="give one of them")
    looks = {"--show": show, "--top": values["top"]}
    for flag, mode in (("--show", ""), ("--top", "--find")):
        if looks[flag] is not None and modes != ([mode] if mode else []):
            raise UsageError(f"{flag} is for {mode or 'a text that is shown'}", remedy="leave it out")
    if values["against"] and not gradient:
        raise UsageError("--against is for --gradient", remedy=command("inspect", model, "--gradient", "--against", values["against"][0]))
    out = values["out"]
    if out is not None and modes in (["--find"], ["--context"]):
        raise UsageError(f"{modes[0]} is a table, and -o writes a page or a picture", remedy="leave -o out")
    kinds = [f".{kind}" for kind in get_args(choices.CurvePicture)] if gradient else [".html"]
    if out is not None and out.suffix.lower() not in kinds:
        raise UsageError(f"{str(out)!r} ends in none of {', '.join(kinds)}", remedy=f"-o {out.stem or 'page'}{kinds[0]}")
    channel = api.Channel.parse(show or "surprisal")
    given = chosen("score", medium_of_model(model).label, values)
    trained = load_model(model, device=values["device"], threads=values["threads"])
    options = {name: value for name, value in given.items() if name not in DATA_FIELDS}
    if find is not None:
        items = _held_out(streams, trained, values["seed"]) if what is None else _items(streams, trained, what, given)
        _find(streams, trained, find, items, values | {"model": model, "options": options})
        return
    item = _item(streams, trained, what, given)
    if gradient:
        _gradient(streams, trained, item, options, values)
    elif contexts:
        _context(streams, trained, item, options, values)
    else:
        kind = "page" if out is not None else "terminal"
        with work_bar(streams, "reading", shown=lambda number: f"{amount(number)} tokens") as progress:
            seen = api.inspect(
                trained,
                item,
                first=values["first"] or _FIRST[kind],
                seed=values["seed"],
                progress=progress,
                **options,
            )
        for note in seen.notes:
            streams.say(f"note: {note}")
        if out is not None:
            size = seen.save_page(out, title=f"{Path(model).name} reads {_shortened(seen)}", shown=channel)
            streams.say(f"{out}: {counted(len(seen.trace.ids), 'token')}, {file_size(size)}; open it in a browser")
        elif values["json"]:
            _numbers(streams, seen, channel)
        else:
            _shown(streams, seen, channel)


COMMAND: Final = Command(name="inspect", run=run, examples=_EXAMPLES, options=lambda: (*_BEFORE, *options_of("score"), *_BEHIND))


def _item(streams: Streams, trained: api.TrainedModel, what: str | None, options: Mapping[str, Any]) -> Any:
    """What was named: the first item of a file, read as training reads it, or what was typed; None where nothing was.

    Raises:
        CorpusError: the file cannot be used.
    """
    if what is None:
        return None
    first, *others = _items(streams, trained, what, options)
    if others:
        streams.say(f"note: the first of {1 + len(others):,} that {what} holds")
    return first


def _items(streams: Streams, trained: api.TrainedModel, what: str, options: Mapping[str, Any]) -> Iterator[Any]:
    """All that was named, or what was typed. Raises CorpusError: it cannot be used."""
    if what == STANDARD_INPUT or Path(what).exists():
        return (item for _, item in read_items(streams, trained, (what,), options))
    return iter((as_typed(what),))


def _held_out(streams: Streams, trained: api.TrainedModel, seed: int) -> Iterator[Any]:
    """What the run of a model held out; of a model without one what it writes itself."""
    try:
        return api.held_out(trained, cache=cache())
    except LstmgenError as error:
        streams.say(f"note: there is no held-out part to read: {error.message}; it reads what it writes itself")
        return iter((trained.generate(seed=seed)[0].item,))


def _shortened(seen: api.Inspection) -> str:
    """How what is read begins."""
    text = " ".join("".join(seen.shown[:60]).split())
    return f"“{text[:40].rstrip()}…”" if len(text) > 40 else f"“{text}”"


def _shown(streams: Streams, seen: api.Inspection, channel: api.Channel) -> None:
    """The item, shaded, with a legend and what the gates do on the whole."""
    values_T, (low, high) = channel.of(seen.trace)
    shade = Shade(low, high, streams.out_colour)
    name = f"{channel}, nats" if channel.place is None else str(channel)
    for line in shade.legend(name, columns=streams.out_columns):
        streams.own_line(line)
    for line in shaded(seen.shown, seen.row_T.tolist(), values_T.tolist(), shade, columns=streams.out_columns - 1):
        streams.own_line(line)
    if len(seen.trace.ids) < seen.tokens:
        streams.say(f"note: the first {len(seen.trace.ids):,} of {counted(seen.tokens, 'token')}; --first shows more")
    rows = [["layer", "quantity", "shut", "open", "what it is"]]
    for (layer, quantity), (shut, open_) in seen.trace.saturation().items():
        rows.append([str(layer + 1), quantity, f"{shut:.0%}", f"{open_:.0%}", seen.trace.cell.quantity(quantity).about])
    if len(rows) > 1:
        streams.own_line("")
        write_table(streams, rows, left_last=True)
    for line in _memory_lines(seen):
        write_words(streams, line)


def _memory_lines(seen: api.Inspection) -> Iterator[str]:
    for layer, lengths_U in seen.trace.memory_lengths().items():
        ordered = sorted(lengths_U.tolist())
        low, middle, high = (ordered[int(share * (len(ordered) - 1))] for share in (0.1, 0.5, 0.9))
        yield (
            f"layer {layer + 1}: half of the units remember {counted(middle, 'token')} or more, a tenth {high:.3g} or more, "
            f"a tenth {low:.3g} or less, the longest {ordered[-1]:.3g}"
        )


def _numbers(streams: Streams, seen: api.Inspection, channel: api.Channel) -> None:
    """The same as JSON: an object for each token, then one for the whole."""
    values_T, bounds = channel.of(seen.trace)
    for place, (token, text, row, nats, value) in enumerate(
        zip(seen.trace.ids.tolist(), seen.shown, seen.row_T.tolist(), seen.trace.nats_T.tolist(), values_T.tolist(), strict=True)
    ):
        streams.object_line({"index": place, "token": token, "text": text, "row": row + 1, "nats": nats, "value": value})
    gates = [
        {"layer": layer + 1, "quantity": name, "shut": shut, "open": open_}
        for (layer, name), (shut, open_) in seen.trace.saturation().items()
    ]
    memory = {str(layer + 1): lengths.tolist() for layer, lengths in seen.trace.memory_lengths().items()}
    streams.object_line({"shown": str(channel), "bounds": list(bounds), "gates": gates, "memory_lengths": memory})


def _find(streams: Streams, trained: api.TrainedModel, name: str, items: Iterable[Any], values: Mapping[str, Any]) -> None:
    """The units that follow a feature, and those of an untrained network."""
    with work_bar(streams, "reading", shown=lambda number: f"{amount(number)} tokens") as progress:
        first = values["first"] or _FIRST["find"]
        seen = api.inspect_all(trained, items, first=first, carried=True, progress=progress, **values["options"])
    for note in dict.fromkeys(seen.notes):
        streams.say(f"note: {note}")
    with work_bar(streams, "reading, untrained", shown=lambda number: f"{amount(number)} tokens") as progress:
        feature, finds, control = seen.find(name, top=values["top"] or _TOP, progress=progress)
    if values["json"]:
        for network, rows in (("trained", finds), ("untrained", control)):
            for find in rows:
                places = {"layer": find.layer + 1, "unit": find.unit + 1}
                measure = "area under the curve" if feature.yes_or_no else "correlation"
                streams.object_line({"feature": feature.name, "measure": measure, "network": network} | asdict(find) | places)
        return
    measure = "area under the ROC curve, 0.5 is chance" if feature.yes_or_no else "correlation, 0 is chance"
    read = counted(len(seen.trace.ids), "token") + (f" of {counted(len(seen.items), 'item')}" if len(seen.items) > 1 else "")
    write_words(streams, f"{feature.name}: {feature.about}; {measure}; {read}")
    yes, no = ("mean where yes", "where no") if feature.yes_or_no else ("mean where high", "where low")
    rows = [["network", "unit", "found on", "verified on", yes, no]]
    for network, found in (("trained", finds), ("untrained", control)):
        for find in found:
            where = f"{find.layer + 1}:{find.quantity}:{find.unit + 1}"
            rows.append([network, where, *(f"{value:.3f}" for value in (find.found, find.verified, find.high, find.low))])
    write_table(streams, rows, labels=2)
    best = max(finds, key=lambda find: find.verified)
    unit = f"{best.layer + 1}:{best.quantity}:{best.unit + 1}"
    streams.say(f"look at it: {command('inspect', values['model'], 'FILE', '--show', unit)}")
    streams.say(f"hold it: {command('sample', values['model'], '--clamp', f'{unit}={best.high:.2f}')}, or {best.low:.2f} for the opposite")


def _gradient(streams: Streams, trained: api.TrainedModel, item: Any, options: dict[str, Any], values: dict[str, Any]) -> None:
    ids = api.ids_to_read(trained, item, cache=cache(), **options)[: _inputs(values["first"])]
    rows = api.gradients(trained, ids, against=tuple(dict.fromkeys(values["against"])), seed=values["seed"])
    if values["out"] is not None:
        drawn = [(f"{network}, layer {kept.layer + 1}", kept) for network, kept in rows if kept.part == "all"]
        api.save_gradient_picture(drawn, values["out"])
        streams.say(f"wrote {values['out']}")
    if values["json"]:
        for network, kept in rows:
            streams.object_line({"network": network} | asdict(kept) | {"layer": kept.layer + 1})
        return
    lags = rows[0][1].lags
    table = [["share left after k tokens", *(f"k = {lag}" for lag in lags)]]
    for network, kept in rows:
        table.append([f"{network}, layer {kept.layer + 1}, {kept.part}", *map(share_of, kept.median)])
    for name, factor in api.CLOSED_FORMS:
        table.append([name, *(share_of(factor**lag) for lag in lags)])
    write_table(streams, table, dropped=(1, 3, 6, 2, 5))
    for network in dict.fromkeys(network for network, _ in rows):
        own = [kept for name, kept in rows if name == network and kept.part == "all"]
        write_words(streams, f"{network}: {_in_words(own)}")


def _inputs(first: int | None) -> int | None:
    """So many tokens and the boundary before them."""
    return None if first is None else first + 1


def _in_words(layers: Sequence[api.Kept]) -> str:
    """How far the gradient reaches, in one sentence."""
    said = []
    for kept in layers:
        half, most = (api.gradient_distance(kept, share) for share in (0.5, 0.01))
        gone = f"99 % after {most:.0f}" if most is not None else f"not yet 99 % after {kept.lags[-1]}"
        said.append(f"in layer {kept.layer + 1} half of the gradient is gone after {counted(half or kept.lags[-1], 'token')}, {gone}")
    return "; ".join(said)


def share_of(share: float) -> str:
    """A share of the gradient as it stands in a table."""
    return f"{100 * share:.1f} %" if share >= 1e-3 else f"{share:.0e}"


def _context(streams: Streams, trained: api.TrainedModel, item: Any, options: dict[str, Any], values: dict[str, Any]) -> None:
    ids = api.ids_to_read(trained, item, cache=cache(), **options)[: _inputs(values["first"])]
    with work_bar(streams, "reading", shown=lambda number: f"{amount(number)} tokens of context") as progress:
        found = api.loss_by_context(trained, ids, progress=progress)
    if values["json"]:
        for context, nats in found:
            streams.object_line({"context": context, "nats_per_token": nats})
        return
    least = min(nats for _, nats in found)
    rows = [["tokens of context", "nats a token", "above the least"]]
    rows += [[f"{context:,}", f"{nats:.4f}", f"{nats - least:+.4f}"] for context, nats in found]
    write_table(streams, rows)
    enough = next(context for context, nats in found if nats - least <= 0.01)
    write_words(streams, f"from {counted(enough, 'token')} on it gains no more than 0.01 nats")
