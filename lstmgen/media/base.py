"""The contract of a medium: a kind of thing that can be learned, such as text or tunes. No torch.

    sources ─► gather ─► Material ─► build ─► Tokenizer ─► parts ─► token files ─► ... training
    request ─► parse_prompt ─► Prompt ─► plan ─► Writer ◄─ ids, one at a time ─► pieces ─► item

An *item* is one thing of the medium: a text is a `str`, a tune a `lstmgen.music.score.Score`. Whoever works with models knows a medium by
this contract alone: nothing above this room asks which one it has. `lstmgen.choices.MEDIA` is the table of media; a new one is a folder
with a record that fulfils `Medium`, and a line there.

Letters: T tokens of an item, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmgen.choices import Part as Side
from lstmgen.config import DataConfig, TokenizerConfig
from lstmgen.corpus.locate import Candidate
from lstmgen.corpus.prepared import Part
from lstmgen.ids import Ids
from lstmgen.media.correcting import Correctable
from lstmgen.media.features import Legible
from lstmgen.media.gaps import Fillable
from lstmgen.media.legal import Legal
from lstmgen.media.manner import Manner
from lstmgen.media.statistics import Comparable
from lstmgen.media.writing import Encoded, Item, Plan, Prompt, Spelled

Symbols = NDArray[np.uint32]
"""An item as novelty compares it: one number, never 0, for each word, note, ...; equal where they count as copies."""

Augment = Callable[[Ids, np.random.Generator, int], Ids]
"""Another form of an item, from its ids, random numbers, and how often everything has been read before."""

MakeExecutor = Callable[[], Executor]
"""Makes an executor, such as `functools.partial(ProcessPoolExecutor, 4)`; whoever uses it closes it."""

Progress = Callable[[str, int, int], None]
"""Called with the stage, how much is done, and how much there is."""


@dataclass(frozen=True)
class Clock:
    """A cycle that the ids imply without naming it, such as the voice and the step of the bar on a grid.

    Attributes:
        period: its length.
        low: the first id that counts.
        high: the last id that counts.
    """

    period: int
    low: int
    high: int


class Tokenizer(Protocol):
    """What every tokenizer has, whatever its ids stand for."""

    @property
    def name(self) -> str:
        """`char`, `notes`, ..., as `--tokenizer` takes it."""
        ...

    @property
    def vocab_size(self) -> int:
        """Number of ids, the boundary included."""
        ...

    def piece(self, token_id: int) -> str:
        """One id as a person would read it, for tables; not necessarily decodable. Raises IndexError out of range."""
        ...

    def to_json(self) -> dict[str, Any]:
        """All that it takes to rebuild it; `{"name": ..., "version": 1, ...}`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Access:
    """How sources are read.

    Attributes:
        folder: the folder of the run, which keeps the token files where the cache cannot be written.
        cache: where token files and corpora are kept.
        kept: the files that keep what standard input and pipes held, by the sources `-` and their paths.
        executor: makes what helps to read large collections of files; None: everything is read in this process.
        progress: called while files are read.
    """

    folder: Path
    cache: Path
    kept: Mapping[str, Path] = field(default_factory=dict[str, Path])
    executor: MakeExecutor | None = None
    progress: Progress | None = None

    def stage(self, name: str) -> Callable[[int, int], None] | None:
        """A progress that says which stage it is of."""
        progress = self.progress
        return None if progress is None else lambda done, total: progress(name, done, total)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the settings name: files to learn from, and those to validate on where they are apart."""

    sources: tuple[Candidate, ...]
    val: tuple[Candidate, ...] | None = None


class Material(Protocol):
    """What was gathered: the items that are learned from, and those that are held out."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files that are learned from."""
        ...

    @property
    def count(self) -> int:
        """How many items the sources hold."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the sources."""
        ...

    @property
    def sha256(self) -> str:
        """The hash of everything that was read."""
        ...

    @property
    def corpus_sha256(self) -> str:
        """The hash of what the sources hold, whatever is validated on."""
        ...

    def files(self) -> Iterator[dict[str, Any]]:
        """Every file that the sources hold: what was read of it, or why it was not; the first may tell its `opening`, a prompt."""
        ...

    def items(self) -> Iterator[tuple[str, Item]]:
        """The whole of every item of the sources, as it would be learned, and the name of the file that holds it."""
        ...

    def parts(self, tokenizer: Any) -> tuple[dict[str, Part], dict[str, Any], int]:
        """The token files to be made, `train` and perhaps `val`; what else decides their content; and the work in all."""
        ...

    def symbols(self, part: Side = "train") -> Iterator[tuple[str, Symbols]]:
        """The symbols of every item that is learned from, or of every one that is held out, and the name of the file that holds it."""
        ...

    def losses(self, tokenizer: Any) -> tuple[str, ...]:
        """What a tokenizer cannot express of the items, in words."""
        ...


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure of an evaluation: an amount, or the surprisal of an amount.

    Attributes:
        name: as in JSON.
        unit: what is measured, a key of `Medium.measure`.
        heading: of its column; empty: it has none, and stands in JSON only.
        form: how it is shown.
        per: the figure is nats, times this number, by amount; None: it is the amount itself.
    """

    name: str
    unit: str
    heading: str
    form: str
    per: float | None = None


@dataclass(frozen=True)
class Amount:
    """How much of a unit some ids stand for.

    Attributes:
        amount: chars, notes, seconds, ...
        skipped: tokens at the beginning whose surprisal does not count towards it.
    """

    amount: float
    skipped: int = 0


@dataclass(frozen=True, kw_only=True)
class RowStyle:
    """How the rows of an item, its lines or bars, are listed.

    Attributes:
        key: the name of the list in JSON.
        plural: what the rows are called.
        per: the unit by which rows are compared; None: by their nats.
        columns: heading, key and format of the columns that say which row it is.
        token_place: the key under which a row of a token says where it stands, its heading, and the key of the row that it is taken from.
    """

    key: str
    plural: str
    per: str | None
    columns: tuple[tuple[str, str, str], ...]
    token_place: tuple[str, str, str]


class Medium(Legible, Fillable, Comparable, Correctable, Protocol):
    """Everything that differs between media."""

    name: str
    """Its key in `choices.MEDIA`."""
    label: str
    """What messages call it: text, music."""
    suffix: str
    """The usual ending of its files."""
    worth: float
    """What augmentation is worth: the number of times by which it multiplies the material."""
    figures: tuple[Figure, ...]
    rows: RowStyle
    symbol_name: str
    """What novelty compares, in the plural: words, notes."""
    symbol_offset: int
    """How many more of them there are than symbols."""
    slow_tokenizers: frozenset[str]
    """Tokenizers that are worth remembering once they are built."""

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins like this is of this medium."""
        ...

    def manner(self, data: DataConfig) -> Manner:
        """How items are learned under these settings. Raises UsageError: the settings contradict each other."""
        ...

    def glimpse(self, data: DataConfig) -> Mapping[str, Any]:
        """What is asked of the samples that are shown while a model trains, as `TrainedModel.generate` takes it."""
        ...

    def gather(self, found: Found, data: DataConfig, access: Access) -> Material:
        """Reads what was found. Raises CorpusError: a source cannot be used, or nothing is left to learn from."""
        ...

    def survey(self, material: Any) -> dict[str, Any]:
        """What was gathered, for people who look before they train, as plain values."""
        ...

    def build(self, wanted: TokenizerConfig, material: Any) -> Tokenizer:
        """The tokenizer that the settings ask for, fitted to what is learned from. Raises UsageError: an option does not apply."""
        ...

    def extended(self, tokenizer: Any, material: Any) -> Tokenizer:
        """A model's tokenizer, with ids added for what it has never seen. Raises ModelFileError: it cannot take any."""
        ...

    def from_json(self, values: Mapping[str, Any]) -> Tokenizer:
        """The tokenizer that its `to_json` described; trusts nothing. Raises ModelFileError."""
        ...

    def describe(self, tokenizer: Any) -> dict[str, Any]:
        """What a tokenizer promises, or how it was fitted, as plain values."""
        ...

    def clock(self, tokenizer: Any) -> Clock | None:
        """The cycle in which the ids stand."""
        ...

    def told(self, tokenizer: Any) -> NDArray[np.bool_] | None:
        """Which ids a model is told and never has to draw, of shape (V,); they are neither learned nor counted. None: there are none."""
        ...

    def line_ends(self, tokenizer: Any) -> NDArray[np.bool_] | None:
        """Which ids end a line, of shape (V,). None: there are no lines."""
        ...

    def legal(self, tokenizer: Any) -> Legal | None:
        """Which ids may come where in an item, for a model that gives what may not come no probability. None: it may give any id some."""
        ...

    def settings(self, tokenizer: Any, *, tokens: int | None, passes: float) -> Mapping[str, Any]:
        """What new runs that read so many tokens about so often are given where nothing is chosen, by `section.key`.

        None for the tokens: the network has learned from others before.
        """
        ...

    def usual(self, tokenizer: Any) -> Mapping[str, float]:
        """How samples are drawn where no temperature is given: one, and filters beside it, by their names in `Sampling`."""
        ...

    def augmentation(self, tokenizer: Any, data: DataConfig) -> Augment | None:
        """What is done to an item each time it is taken."""
        ...

    def tidy(self, item: Item, data: DataConfig) -> Item:
        """An item as it is learned under these settings."""
        ...

    def parse(self, thing: Any) -> Item:
        """An item from what a caller may have of it: the item itself, the bytes of a file, a path, or what a person types.

        Raises:
            InputError: it cannot be read.
            UsageError: it is none of these.
        """
        ...

    def encode(self, tokenizer: Any, item: Item, options: Mapping[str, Any]) -> Encoded:
        """An item to be scored. Raises UnseenSymbolError, InputError."""
        ...

    def decode(self, tokenizer: Any, ids: Ids) -> Item:
        """The item that ids stand for."""
        ...

    def measure(self, tokenizer: Any, ids: Ids, item: Item) -> dict[str, Amount]:
        """How much of each unit an item holds; a unit that does not apply is left out."""
        ...

    def places(self, tokenizer: Any, ids: Ids, item: Item, *, number: int, first: int) -> tuple[NDArray[np.int64], list[dict[str, Any]]]:
        """The row in which each token stands, of shape (T,), and the facts of every row.

        Args:
            tokenizer: what made the ids.
            ids: of the item.
            item: what they stand for.
            number: of the item among those that are evaluated, from 1.
            first: rows of the items before.
        """
        ...

    def symbols(self, item: Item) -> Symbols:
        """An item as novelty compares it."""
        ...

    def parse_prompt(self, tokenizer: Any, prompt: Any, options: Mapping[str, Any], data: DataConfig) -> Prompt:
        """What a sample continues; `prompt` is what `parse` takes, or None. Raises UnseenSymbolError, InputError, UsageError."""
        ...

    def spelled(self, tokenizer: Any, prompt: Prompt) -> Spelled | None:
        """A prompt whose last word may be spelled in several ways; None: ids do not spell texts."""
        ...

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Refuses options of a request that cannot be meant, before a model is loaded. Raises UsageError."""
        ...

    def plan(
        self,
        tokenizer: Any,
        prompt: Prompt,
        options: Mapping[str, Any],
        *,
        length: int | None,
        echo: bool,
        data: DataConfig,
        corrections: Mapping[str, Any] | None = None,
    ) -> Plan:
        """What every sample of a request keeps to.

        Args:
            tokenizer: the model's.
            prompt: what the samples continue.
            options: those of `SAMPLE_OPTIONS` in the medium's `options.py` that were given, by name.
            length: most tokens to draw; None: what is usual where nothing else ends a sample; -1: no end.
            echo: whether an item begins with the prompt, where it can.
            data: how the model's sources were read.
            corrections: what `corrections` gave of the model.

        Raises:
            UsageError: an option cannot be read, or nothing at all could be drawn.
            InputError: the prompt is none that this model could have learned.
        """
        ...

    def to_bytes(self, item: Item) -> bytes:
        """An item as the content of a file."""
        ...

    def save(self, item: Item, path: Path, *, title: str = "") -> None:
        """Writes an item to a file whose ending says how. Raises UsageError, MachineError."""
        ...

    def show(self, item: Item, *, width: int, height: int | None = None, colour: bool = False) -> str:
        """An item for a terminal, as text."""
        ...
