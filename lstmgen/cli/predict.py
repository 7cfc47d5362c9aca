"""`lstmgen predict`: what comes next behind a text, or behind notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from lstmgen import api, limits
from lstmgen.cli.command import Command
from lstmgen.cli.media import medium_of_model
from lstmgen.cli.options import DEVICE, JSON, MODEL, STANDARD_INPUT, THREADS, as_typed, load_model, tell_typing, unescape
from lstmgen.cli.output import Streams, one_line
from lstmgen.cli.table import write_table
from lstmgen.options import Option

_EXAMPLES: Final = (
    'lstmgen predict RUN -p "To be or not t"            # the next characters',
    'lstmgen predict RUN -p "To be or not t" --words    # or the words that it may become',
    "lstmgen predict RUN -p - --words --json            # for editors: a line in, an object out",
    'lstmgen predict TUNES -p "C4 E4 G4"                # the next events',
)
_END: Final = "(the end)"
_TOLD: Final = 0.001

_OPTIONS: Final = (
    MODEL,
    Option(
        name="prompt",
        flags="-p --prompt",
        unit="TEXT",
        help='What is written so far; - reads standard input and answers each line as it comes. Of music notes, such as "C4 E4 G4:2".',
    ),
    Option(name="words", flags="--words", type=bool, help="Whole words in place of the next characters."),
    Option(name="top", flags="--top", type=int, unit="N", low=1, high=1000, default=5, help="How many are listed."),
    Option(name="escapes", flags="-e --escapes", type=bool, help=r"Read \n, \t, \\, \xHH and \uHHHH in prompts as what they stand for."),
    JSON,
    DEVICE,
    THREADS,
)


def predict(
    streams: Streams,
    *,
    model: str,
    prompt: str | None,
    words: bool,
    top: int,
    escapes: bool,
    json: bool,
    device: str,
    threads: int | None,
) -> None:
    """List what may come next, with its probability.

    The probability of a word is the sum over all ways in which the model may spell it, given what was typed of it. Where not all of them
    were followed, it is told by how much it may be wrong.
    """
    medium = medium_of_model(model)
    meant = unescape if escapes else as_typed
    if prompt is not None and prompt != STANDARD_INPUT:
        medium.parse(meant(prompt))
    trained = load_model(model, device=device, threads=threads)
    for text in _prompts(streams, prompt, meant):
        found = trained.predict(text, words=words, top=top)
        if json:
            streams.object_line({"prompt": text} | found.to_json())
            continue
        rows = [[_shown(each), f"{each.probability:.1%}"] for each in found.candidates]
        write_table(streams, [["next", "probability"], *rows])
        if found.unfollowed >= _TOLD:
            streams.say(f"note: these probabilities may be {found.unfollowed:.1%} too low; not every spelling was followed")
        if found.candidates and found.unlisted > found.candidates[-1].probability:
            streams.say(f"note: a word that is not listed may have up to {found.unlisted:.1%}")


def _prompts(streams: Streams, prompt: str | None, meant: Callable[[str], str]) -> Iterator[str]:
    """One prompt, or the lines of standard input as they come."""
    if prompt != STANDARD_INPUT:
        yield "" if prompt is None else meant(prompt)
        return
    tell_typing(streams, "prompts, one a line")
    while line := streams.stdin.readline(limits.MAX_PROMPT_BYTES):
        yield meant(line.decode("utf-8", "surrogateescape").rstrip("\r\n"))


def _shown(candidate: api.Candidate) -> str:
    if not candidate.text:
        return _END
    text = one_line(candidate.text)
    return text if text.strip() else repr(candidate.text)


COMMAND: Final = Command(name="predict", run=predict, examples=_EXAMPLES, options=_OPTIONS)
