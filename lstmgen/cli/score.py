"""`lstmgen score`: how well a model predicts a text or a tune, and what of it is copied."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast, get_args

from lstmgen import api, choices
from lstmgen.cli import keystrokes, likeness
from lstmgen.cli.bars import work_bar
from lstmgen.cli.command import Command
from lstmgen.cli.complete import corpora_and_files, models
from lstmgen.cli.items import DATA_FIELDS, read_items
from lstmgen.cli.media import chosen, medium_of_model, options_of
from lstmgen.cli.options import (
    ADAPT,
    DEVICE,
    JSON,
    MODEL,
    PRECISION,
    RECALL,
    THREADS,
    cache,
    load_model,
    recall_of,
    rule_of,
)
from lstmgen.cli.output import Streams, one_line
from lstmgen.cli.table import aligned, figure, write_words
from lstmgen.cli.wording import amount, counted
from lstmgen.cli.wrapping import wrapped
from lstmgen.errors import LstmgenError, UsageError
from lstmgen.options import Option

_PARTS: Final = 1_000
"""Of a file, for a bar of all of them."""
_EXAMPLES: Final = (
    "lstmgen score RUN other.txt                   # nats, bits, perplexity",
    "lstmgen score RUN --split val --json          # the held-out part of its own sources",
    "lstmgen score RUN --split val --window 256    # as if it could look back 256 tokens only",
    "lstmgen score RUN draft.txt --per-line        # the lines with the highest surprisal",
    "lstmgen score RUN draft.txt --adapt           # and a copy that learns as it reads",
    "lstmgen score RUN other.mid --with RUN-2 --keys 12   # two models in twelve keys predict together",
    "lstmgen score RUN tunes/ --keys 12 --adapt    # in twelve keys, in which it goes on learning too",
    "lstmgen score RUN other.mid --recall 0.1      # and with a cache of what followed before",
    "lstmgen score RUN --novelty draft.txt         # what it copied from what the model was trained on",
    "lstmgen score RUN --split val --keystrokes    # keys that suggestions of words save",
    "lstmgen score RUN --music --num-samples 50    # its tunes beside those that it learned",
    "cat draft.txt | lstmgen score RUN - --per-token --top 50",
)
_TABLES: Final = "tables"
_DATA: Final = "data"
_TEXT_WIDTH: Final = 80
_COLUMNS: Final = (("tokens", "tokens", ",d"), ("nats/token", "nats_per_token", ".4f"), ("perplexity", "perplexity", ".4g"))
"""Heading, figure and format of the columns that every medium has."""

_BEFORE: Final = (
    MODEL,
    Option(
        name="files",
        unit="FILE...",
        repeated=True,
        help="Texts: files, folders, globs, corpora, or - for standard input.",
        complete=corpora_and_files,
    ),
    Option(
        name="window",
        flags="--window",
        type=int,
        unit="N",
        low=1,
        help="Begin with an empty state every N tokens; the state runs through where not given.",
    ),
    Option(
        name="split",
        flags="--split",
        choices=get_args(choices.Part),
        help="Score a part of the text that the run was trained on.",
        panel=_DATA,
    ),
)
_BEHIND: Final = (
    Option(
        name="beside",
        flags="--with",
        unit="RUN",
        repeated=True,
        help="Predict together with this model, which was trained alike: the mean of the probabilities counts; may be repeated.",
        complete=models,
    ),
    Option(
        name="per_line",
        flags="--per-line",
        type=bool,
        help="List the lines with the highest surprisal; of a tune the bars.",
        panel=_TABLES,
    ),
    Option(name="per_token", flags="--per-token", type=bool, help="List the tokens with the highest surprisal.", panel=_TABLES),
    Option(
        name="novelty",
        flags="--novelty",
        type=bool,
        help="Tell instead what each file has copied from what the model was trained on.",
        panel=_TABLES,
    ),
    Option(
        name="statistics",
        flags="--music --statistics",
        type=bool,
        help="Tell instead what samples, or the tunes of FILE, are like beside the whole corpus: pitches, rhythm, form.",
        panel=_TABLES,
    ),
    Option(
        name="num_samples",
        flags="--num-samples",
        type=int,
        unit="N",
        low=1,
        help=f"With --music: how many samples are drawn where there is no FILE; {likeness.SAMPLES} where not given.",
        panel=_TABLES,
    ),
    Option(name="seed", flags="-s --seed", type=int, unit="N", low=0, help="With --music: of the samples.", panel=_TABLES),
    Option(
        name="keystrokes",
        flags="--keystrokes",
        type=bool,
        help="Tell instead how many keys three suggestions of words save, the model's and those of an n-gram.",
        panel=_TABLES,
    ),
    Option(
        name="words",
        flags="--words",
        type=int,
        unit="N",
        low=1,
        help=f"With --keystrokes: words of each file, from its beginning; {keystrokes.WORDS} where not given.",
        panel=_TABLES,
    ),
    Option(
        name="top",
        flags="--top",
        type=int,
        unit="N",
        low=0,
        default=20,
        help="Rows of a list; 0 is all, in the order of the text.",
        panel=_TABLES,
    ),
    *RECALL,
    *ADAPT,
    JSON,
    DEVICE,
    PRECISION,
    THREADS,
)

Scored = tuple[str, "api.Evaluation"]
"""A name, and how well what it stands for was predicted."""
Column = tuple[str, str, str]
"""Heading, key and format."""


def score(
    streams: Streams,
    *,
    model: str,
    files: tuple[str, ...],
    window: int | None,
    split: str | None,
    per_line: bool,
    per_token: bool,
    novelty: bool,
    statistics: bool,
    num_samples: int | None,
    seed: int | None,
    top: int,
    json: bool,
    device: str,
    precision: str,
    threads: int | None,
    **values: Any,
) -> None:
    """Measure how well a model predicts a text or a tune.

    Bits a byte compare models with different tokenizers. With --json there is one object for each file; the lists are in it whole, in the
    order of the text. With --adapt the figures of a copy stand beside those of the model: it predicts a segment, then learns from it, and
    begins anew with each file, of --split too. Compare adapted figures with adapted ones only. --with, --keys and --adapt go together: the
    mean of all models in all keys predicts, and a copy of each model learns from each segment in all keys at once. --recall gives a share
    of all these probabilities to what followed earlier in the same file, wherever the network was in a like state (a continuous cache).
    """
    _check(model, files, split=split, novelty=novelty, statistics=statistics, drawing=num_samples is not None or seed is not None)
    rule, recall = rule_of(values), recall_of(values)
    if values["words"] is not None and not values["keystrokes"]:
        raise UsageError("--words is for --keystrokes", remedy=f"lstmgen score {model} FILE --keystrokes --words 100")
    for flag, given, example in (("--with", values["beside"], " RUN"), ("--adapt", rule, ""), ("--recall", recall, " 0.1")):
        if given and (novelty or statistics or values["keystrokes"]):
            raise UsageError(f"{flag} is for figures of how well a text is predicted", remedy=f"lstmgen score {model} FILE {flag}{example}")
    options = chosen("score", medium_of_model(model).label, values)
    if split is not None and options:
        flags = " and ".join(option.flag for option in options_of("score") if option.name in options)
        raise UsageError(f"--split reads the text as the run did, so {flags} cannot be given with it", remedy="leave it out")
    trained = load_model(model, device=device, precision=precision, threads=threads)
    if statistics:
        items = [item for _, item in read_items(streams, trained, files, options)] if files else None
        likeness.report(streams, trained, items, files, count=num_samples or likeness.SAMPLES, seed=seed, json=json)
    elif values["keystrokes"]:
        typed = [(f"{split} part", api.typed_part(trained, cast("choices.Part", split), cache=cache()))] if split else None
        keystrokes.report(
            streams, trained, typed or read_items(streams, trained, files, options), words=values["words"] or keystrokes.WORDS, json=json
        )
    elif novelty:
        _novelty(streams, trained, read_items(streams, trained, files, options), json=json)
    else:
        others = [load_model(other, device=device, precision=precision, threads=threads) for other in values["beside"]]
        scored = _scored(streams, trained, files, options, split=split, window=window, adapt=rule, beside=others, recall=recall)
        if json:
            for source, found in _with_total(scored):
                table = found.to_json(rows=per_line, per_token=per_token)
                streams.object_line(table | {"window": window, "precision": trained.numbers, "source": source})
            return
        for line in _report(scored, per_line=per_line, per_token=per_token, top=top, room=streams.row_columns):
            streams.product_line(line)


def _check(model: str, files: Sequence[str], *, split: str | None, novelty: bool, statistics: bool, drawing: bool) -> None:
    """Refuse what does not go together."""
    if not statistics and drawing:
        raise UsageError("--num-samples and --seed are for --music", remedy=f"lstmgen score {model} --music --num-samples 50")
    if statistics and (split is not None or (files and drawing)):
        raise UsageError("--music looks at the tunes of FILE or draws samples", remedy=f"lstmgen score {model} --music FILE")
    if not statistics and bool(files) == (split is not None):
        raise UsageError(
            "score needs either a FILE or --split, and not both", remedy=f"lstmgen score {model} FILE, or lstmgen score {model} --split val"
        )
    if novelty and not files:
        raise UsageError("--novelty needs a FILE to look at", remedy="lstmgen score MODEL --novelty FILE")


def _scored(
    streams: Streams,
    trained: api.TrainedModel,
    files: Sequence[str],
    options: Mapping[str, Any],
    *,
    split: str | None,
    **how: Any,
) -> list[Scored]:
    """What the files hold, or a part of the run's own sources, with how well it was predicted; what is to be known of it is said."""
    window = how["window"]
    streams.explain(f"{trained.path} on {trained.network.device} in {trained.numbers}, window {window or 'none: the state runs through'}")
    if split is None:
        scored = list(_each(streams, trained, files, options, how))
    else:
        with work_bar(streams, f"scoring the {split} part", shown=_tokens) as progress:
            whole = trained.score_split(cast("choices.Part", split), cache=cache(), progress=progress, **how)
        scored = [(f"{split} part", whole)]
    if (averaged := scored[0][1].averaged) > 1:
        streams.say(f"note: each token was predicted by the mean of {averaged} predictions")
    if (recall := scored[0][1].recall) is not None:
        streams.say(f"note: what followed at like places before has {_share(recall, scored)} of each probability")
    for note in (note for _, found in scored for note in found.warnings):
        streams.say(f"note: {note}")
    return scored


def _share(recall: api.RecallRule, scored: list[Scored]) -> str:
    """Which share caches have; one that is learned as it is where an item ends, in the mean of all."""
    if recall.share != api.AUTO_SHARE:
        return f"{recall.share:.0%}"
    whole = _with_total(scored)[-1][1]
    ends = [each.recalled_share for each in (whole, whole.adapted) if each is not None]
    told = [f"{share or 0:.0%}{with_what}" for share, with_what in zip(ends, ("", " with --adapt"), strict=False)]
    return f"a learned share, where an item ends {' and '.join(told)},"


def _novelty(streams: Streams, trained: api.TrainedModel, items: Iterable[tuple[str, Any]], *, json: bool) -> None:
    """What each item has copied; beside it what the held-out part has, which nobody copied."""
    held_out = None
    try:
        held_out = trained.held_out_novelty(cache=cache())
    except LstmgenError as error:
        streams.explain(f"no held-out part to compare with: {error.message}")
    numbered = ((name, number, item) for name, group in itertools.groupby(items, key=_name) for number, (_, item) in enumerate(group, 1))
    for name, number, item in numbered:
        source = f"{name}, document {number}" if trained.manner.ends else name
        found = trained.novelty(item)
        if json:
            streams.object_line(found.to_json() | {"held_out_copied_share": held_out, "source": source})
        else:
            write_words(streams, f"{source}: {found.line()}")
    if held_out is not None and not json:
        streams.say(f"for comparison: of the held-out part, which the model has never seen, {held_out:.0%} lie in such runs")


COMMAND: Final = Command(name="score", run=score, examples=_EXAMPLES, options=lambda: (*_BEFORE, *options_of("score"), *_BEHIND))


def _each(
    streams: Streams, trained: api.TrainedModel, files: Sequence[str], options: Mapping[str, Any], how: Mapping[str, Any]
) -> Iterator[Scored]:
    own = {name: value for name, value in options.items() if name not in DATA_FIELDS}
    counts: list[int] = []

    def shown(done: float) -> str:
        return f"{amount(done)} tokens" if counts == [1] else counted(round(done / _PARTS), "file")

    what = f"scoring {files[0]}" if len(files) == 1 else "scoring"
    with work_bar(streams, what, shown=shown) as report:
        for number, (name, items) in enumerate(itertools.groupby(read_items(streams, trained, files, options, told=counts.append), _name)):

            def of_files(done: int, tokens: int, before: int = number) -> None:
                report(_PARTS * before + _PARTS * done // max(1, tokens), _PARTS * counts[0])

            progress = report if counts == [1] else of_files
            yield name, trained.score_all((item for _, item in items), progress=progress, **how, **own)


def _name(found: tuple[str, Any]) -> str:
    return found[0]


def _tokens(number: float) -> str:
    return f"{amount(number)} tokens"


def _with_total(scored: list[Scored]) -> list[Scored]:
    """What was scored, and all of it together where it is several items."""
    return [*scored, ("all", api.combined(found for _, found in scored))] if len(scored) > 1 else scored


def _report(scored: list[Scored], *, per_line: bool, per_token: bool, top: int, room: int) -> Iterator[str]:
    """The figures as a table, then the lists that were asked for, in so many columns of a terminal."""
    medium, whole = scored[0][1].medium, _with_total(scored)
    columns = [*_COLUMNS, *((each.heading, each.name, each.form) for each in medium.figures if each.heading)]
    columns = [column for column in columns if any(found.figures[column[1]] is not None for _, found in whole)]
    if whole[0][1].adapted is None:
        rows = [[medium.label, *(heading for heading, _, _ in columns)]]
        rows += [[one_line(source), *(figure(found.figures[name], form) for _, name, form in columns)] for source, found in whole]
        yield from aligned(rows, columns=room)
    else:
        yield from _beside_adapted(whole, columns, room)
    for source, found in scored:
        if per_line:
            yield from _listed(f"{medium.rows.plural} of {source}", found.rows(), _row_columns(medium.rows), top, room)
        if per_token:
            key, heading, _ = medium.rows.token_place
            columns = [("token", "index", ",d"), (heading, key, ",d"), ("nats", "nats", ".3f"), ("adapted", "adapted_nats", ".3f")]
            columns.append(("text", "text", ""))
            yield from _listed(f"tokens of {source}", found.token_rows(), columns, top, room)


def _beside_adapted(whole: Sequence[Scored], columns: Sequence[Column], room: int) -> Iterator[str]:
    """Figures of the model and of the copy that learned, side by side: of one file all, of several the first of each."""
    amounts = {each.name for each in whole[0][1].medium.figures if each.per is None} | {"tokens"}
    losses = [column for column in columns if column[1] not in amounts]
    rows = [[whole[0][1].medium.label, "", "static", "adapted", "change"]]
    for place, (source, found) in enumerate(whole, 1):
        for heading, name, form in losses if place == len(whole) else losses[:1]:
            static, adapted = found.figures[name], None if found.adapted is None else found.adapted.figures[name]
            change = None if not static or adapted is None else adapted / static - 1
            rows.append([one_line(source), heading, figure(static, form), figure(adapted, form), figure(change, "+.1%")])
    yield from aligned(rows, columns=room)


def _row_columns(style: api.RowStyle) -> list[Column]:
    """Heading, key and format of the columns of a list of lines, bars, ..."""
    if style.per is None:
        surprises = [("nats", "nats", ".2f"), ("nats/token", "nats_per_token", ".3f")]
    else:
        surprises = [(f"nats/{style.per.removesuffix('s')}", "surprise", ".3f"), ("nats", "nats", ".1f")]
    return [
        *style.columns,
        *surprises,
        ("adapted", "adapted_nats", {key: form for _, key, form in surprises}["nats"]),
        ("text", "text", ""),
    ]


def _listed(title: str, rows: Iterable[api.Row], columns: Sequence[Column], top: int, room: int) -> Iterator[str]:
    """A list: all rows in the order of the text, or those with the highest surprisal, in falling order."""
    chosen_rows = heapq.nlargest(top, rows, key=lambda row: row.surprise) if top else list(rows)
    flat = [{**row.facts, "surprise": row.surprise, **row.sums, "nats_per_token": row.nats / max(1, row.tokens)} for row in chosen_rows]
    columns = [column for column in columns if not flat or column[1] in flat[0]]
    head = f"the {top} most surprising {title}" if top else f"all {title}"
    yield from ("", *wrapped(one_line(head), room))
    cells = [[_cell(row[key], form) for _, key, form in columns] for row in flat]
    yield from aligned([[heading for heading, _, _ in columns], *cells], left_last=True, columns=room)


def _cell(value: Any, form: str) -> str:
    if not isinstance(value, str):
        return figure(value, form)
    text = one_line(value)
    return text if len(text) <= _TEXT_WIDTH else f"{text[: _TEXT_WIDTH - 3]}..."
