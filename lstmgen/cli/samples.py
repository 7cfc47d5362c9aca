"""Where samples go: to standard output as they are drawn, to files and what is put beside them, and as JSON."""

from __future__ import annotations

import base64
import collections
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lstmgen import api, run_files
from lstmgen.cli.media import RENDERINGS, Presentation
from lstmgen.cli.options import STANDARD_INPUT, is_folder, is_same_file
from lstmgen.cli.output import Streams, Styled, encode
from lstmgen.cli.wording import size
from lstmgen.errors import UsageError
from lstmgen.wording import counted

_OTHERS: Final = 3
_SHOWN: Final = 30
"""Characters of each."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where the samples of one call go, and how.

    Attributes:
        presentation: of their medium.
        files: one for each sample; none: they go to standard output.
        folder: to be made for them, where it is missing.
        beside: kinds of files that are put beside each.
        json: whether an object tells of each.
        at_once: whether a text is written when it is complete.
        shown: whether a sample may be drawn on a terminal instead of being written there.
        prompt_file: where the prompt came from.
        count: how many samples there are.
        many_prompts: whether the request has several prompts, so that each sample says of which it is.
    """

    presentation: Presentation
    files: tuple[Path, ...]
    folder: Path | None
    beside: tuple[str, ...]
    json: bool
    at_once: bool
    shown: bool
    prompt_file: str | None
    count: int = 1
    many_prompts: bool = False

    @staticmethod
    def of(
        values: Mapping[str, Any], own: Mapping[str, Any], *, medium: api.Medium, presentation: Presentation, prompts: int | None = None
    ) -> Target:
        """What the options ask for.

        Args:
            values: of all options.
            own: those of the medium that were given.
            medium: of the model.
            presentation: of the medium.
            prompts: how many prompts a file holds; None: there is one prompt, or none.

        Raises:
            UsageError: a file is missing, of the wrong name, or one that the samples are made from.
        """
        out, count = values["out"], values["num_samples"] * (prompts or 1)
        beside = tuple(kind for kind in RENDERINGS if own.get(kind))
        for kind in beside:
            api.check_rendering(kind)
        files = () if out in {None, STANDARD_INPUT} else _files(out, count, medium=medium, endings=presentation.endings)
        if not files and beside:
            raise UsageError(f"--{beside[0]} needs a file beside which it is put", remedy=f"-o tune{medium.suffix} --{beside[0]}")
        if not files and count > 1 and not presentation.as_text and not values["json"]:
            raise UsageError("several samples need files of their own", remedy="-o samples/")
        for name in (api.find_model(values["model"]), values["prompt_file"], values["prompts"]):
            if name is not None and any(is_same_file(file, Path(name)) for file in files):
                raise UsageError(f"-o {out} would write over {name}, from which the samples are made", remedy="choose another name")
        return Target(
            presentation=presentation,
            files=files,
            folder=files[0].parent if files else None,
            beside=beside,
            json=values["json"],
            at_once=not values["stream"],
            shown=out is None,
            prompt_file=values["prompt_file"],
            count=count,
            many_prompts=prompts is not None,
        )

    def files_of(self, place: int) -> list[Path]:
        """The file of a sample, and those beside it."""
        path = self.files[place]
        return [path, *(path.with_suffix(f".{kind}") for kind in self.beside)]

    def object_of(self, place: int, sample: api.Sample) -> dict[str, Any]:
        """What JSON tells of a sample."""
        presentation, facts = self.presentation, self.presentation.facts(sample)
        if self.files or not presentation.as_text:
            facts = {"file": str(self.files[place]) if self.files else None} | ({} if presentation.as_text else facts)
        if self.files:
            facts["files"] = [str(file) for file in self.files_of(place)]
        elif not presentation.as_text:
            facts["content_base64"] = base64.b64encode(sample.medium.to_bytes(sample.item)).decode()
        return {
            "index": sample.index,
            **({"prompt_index": sample.prompt_index} if self.many_prompts else {}),
            "seed": sample.seed,
            "prompt": sample.prompt if presentation.as_text else sample.prompt or self.prompt_file,
            **facts,
            "tokens": sample.tokens,
            "nats_per_token": sample.nats_per_token,
            "ended": sample.ended,
            **({"gaps": sample.gaps} if "gaps" in sample.facts else {}),
            **({} if presentation.as_text else {"warnings": list(sample.warnings)}),
        }


def _files(out: str, count: int, *, medium: api.Medium, endings: tuple[str, ...]) -> tuple[Path, ...]:
    """The file of every sample: `out.txt`; `out-1.txt`, `out-2.txt` of several; in a folder `1.txt`, `2.txt`."""
    path, numbers = Path(out), range(1, count + 1)
    if is_folder(out):
        return tuple(path / f"{number:0{len(str(count))}d}{medium.suffix}" for number in numbers)
    if endings and path.suffix.lower() not in endings:
        raise UsageError(
            f"-o {out}: expected a name that ends in {' or '.join(endings)}, or a folder", remedy=f"-o {path.with_suffix(endings[0])}"
        )
    return (path,) if count == 1 else tuple(path.with_name(f"{path.stem}-{number}{path.suffix}") for number in numbers)


class Writer:
    """Writes the samples of one call, in order.

    Args:
        streams: take what goes to no file, and what is said about the samples.
        request: what was asked.
        target: where they go.
        to_bytes: what texts are in files and pipes; UTF-8 where not given.
    """

    def __init__(
        self, streams: Streams, request: api.Request | api.InfillRequest, target: Target, *, to_bytes: Callable[[str], bytes] = encode
    ) -> None:
        self._streams, self._request, self._target, self._to_bytes = streams, request, target, to_bytes
        self._told: set[str] = set()
        self._manner = api.Manner(apart=False)
        self._name = ""
        """Of the run, as a title begins."""
        self._began_s = 0.0
        self._waited_s: float | None = None
        """For the first token of a sample that is written as it is drawn."""

    def write(self, model: api.TrainedModel) -> None:
        """Generate what was asked for and write it where it belongs. Nothing is written before the prompt is accepted.

        A single sample is written as it is drawn; several are drawn side by side.
        """
        target = self._target
        self._manner = model.manner
        self._name = _as_title(model)
        self._began_s, tokens = time.monotonic(), 0
        drawn = self._drawn(model)
        self._streams.say(f"seed: {self._request.seed}")
        self._streams.explain(f"sampling: {self._request.sampling}")
        if target.folder is not None:
            api.make_folder(target.folder)
        for place, source in enumerate(drawn):
            if not target.presentation.as_text and isinstance(source, api.Sample) and source.ended == "interrupted":
                continue  # a file of its own holds a sample that is complete
            sample = self._text(place, source) if target.presentation.as_text else self._whole(place, source)
            if target.json:
                self._streams.object_line(target.object_of(place, sample))
            for line in _of_gaps(sample):
                self._streams.say(line)
            surprise = "nothing drawn" if sample.nats_per_token is None else f"{sample.nats_per_token:.3f} nats a token"
            self._streams.explain(f"sample {sample.index}: ended by {sample.ended} after {counted(sample.tokens, 'token')}, {surprise}")
            tokens += sample.tokens
        seconds = max(time.monotonic() - self._began_s, 1e-9)
        first = "" if self._waited_s is None else f", the first after {self._waited_s:.3f} s"
        self._streams.explain(f"{counted(tokens, 'token')} in {seconds:.2f} s, {tokens / seconds:,.0f} a second{first}")
        self._streams.explain(f"decoding: {model.drawing.path}")
        model.keep_ready()

    def _drawn(self, model: api.TrainedModel) -> Iterator[api.Sample | api.Stream]:
        request = self._request
        if not isinstance(request, api.Request):
            return model.fill(request)
        whole = self._target.count > 1 or request.novel is not None or self._target.json
        return model.answer(request) if whole else iter([model.stream_of(request)])

    def _timed(self, pieces: Iterable[Any]) -> Iterator[Any]:
        """The pieces of a sample as they come; the clock is stopped at the first."""
        for piece in pieces:
            if self._waited_s is None:
                self._waited_s = time.monotonic() - self._began_s
            yield piece

    def _text(self, place: int, source: api.Sample | api.Stream) -> api.Sample:
        """Write a text behind its prompt, piece by piece or at once; interrupted, what was drawn is written first."""
        stream = source if isinstance(source, api.Stream) else None
        begun = _as_it_stands(source)
        self._tell("note", begun.warnings)
        with self._sink(place) as send:
            if isinstance(self._request, api.Request) and self._request.echo and begun.prompt:
                send(begun.prompt)
            held: list[str] = []
            try:
                for piece in self._timed(stream) if stream else (begun.item,):
                    held.append(piece) if self._target.at_once else send(piece)
            finally:
                if held:
                    send("".join(held))
        if self._target.files:
            self._streams.say(f"wrote {self._target.files[place]}")
        sample = _as_it_stands(source)
        self._tell("note", [self._target.presentation.empty] if is_empty(sample) else [])
        return sample

    @contextmanager
    def _sink(self, place: int) -> Iterator[Callable[[str], None]]:
        """Takes the text of a sample. On a terminal, the prompt of the shell shall stand on a line of its own, also after Ctrl-C."""
        streams, files = self._streams, self._target.files
        if files:
            with api.written_aside(files[place], complete=(KeyboardInterrupt,)) as file:
                yield lambda text: _ignore(file.write(self._to_bytes(text)))
        elif self._target.json:
            yield _ignore
        else:
            manner, count = self._manner, self._target.count
            if place and not manner.ends:
                streams.product(manner.between)
            if count > 1 and streams.out_is_terminal and not manner.ends:
                streams.say(Styled("dim", f"sample {place + 1} of {count}"))
            try:
                yield streams.product if streams.out_is_terminal else lambda text: streams.product_bytes(self._to_bytes(text))
            finally:
                if manner.ends and place + 1 < count:
                    streams.product(manner.between)
                elif streams.out_is_terminal or (manner.ends and count > 1):
                    streams.product("\n")

    def _whole(self, place: int, source: api.Sample | api.Stream) -> api.Sample:
        """Write a sample that is no text, and say what it is like."""
        if isinstance(source, api.Stream):
            self._tell("note", source.notes)
            collections.deque(self._timed(source), maxlen=0)
        streams, target, sample = self._streams, self._target, _as_it_stands(source)
        line = target.presentation.line(sample)
        if target.files:
            path = target.files[place]
            for file in target.files_of(place):
                sample.save(file, title=target.presentation.title(self._name, sample))
            line = f"wrote {path}: {line}"
        elif streams.out_is_terminal and target.shown and not target.json:
            streams.own_line(sample.medium.show(sample.item, width=streams.out_columns, colour=streams.out_colour))
            streams.say(f"this is how it looks; -o NAME{sample.medium.suffix} keeps it")
        elif not target.json:
            streams.product_bytes(sample.medium.to_bytes(sample.item))
        streams.say(line)
        for file in target.files_of(place)[1:] if target.files else ():
            streams.say(f"wrote {file}: {size(file.stat().st_size)}")
        self._tell("warning", sample.warnings)
        return sample

    def _tell(self, word: str, notes: Iterable[str]) -> None:
        """Say what was not said before."""
        for note in notes:
            if note not in self._told:
                self._streams.say(f"{word}: {note}")
            self._told.add(note)


def _of_gaps(sample: api.Sample) -> Iterator[str]:
    """What filled each gap, and how sure that is."""
    for number, gap in enumerate(sample.facts.get("gaps", ()), 1):
        others = [f"{each['shown'][:_SHOWN]!r} {each['probability']:.0%}" for each in gap["candidates"] if each["shown"] != gap.get("text")]
        beside = f"; others: {', '.join(others[:_OTHERS])}" if others and "text" in gap else ""
        kept = f"kept {', '.join(gap['kept'])}; " if gap.get("kept") else ""
        yield (
            f"gap {number}: {kept}probability {gap['probability']:.0%}, effective sample size {gap['effective_sample_size']:.1f}"
            f" of {gap['followed']}{beside}"
        )


def is_empty(sample: api.Sample) -> bool:
    """Whether a text has nothing in it because its model ended it at once."""
    return sample.ended == "end-of-document" and not sample.text.strip()


def _as_title(model: api.TrainedModel) -> str:
    """The name of a run, or of a model file, as a title begins."""
    path = model.path or Path("Sample")
    name = " ".join((path.parent if path.name == run_files.MODEL else path.with_suffix("")).name.replace("_", " ").split("-"))
    return name[:1].upper() + name[1:]


def _as_it_stands(source: api.Sample | api.Stream) -> api.Sample:
    return source.result if isinstance(source, api.Stream) else source


def _ignore(_: object) -> None:
    pass
