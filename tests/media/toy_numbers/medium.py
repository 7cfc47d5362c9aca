"""Series of whole numbers from 0 to 9, one a line in files that begin with `#numbers`: a third medium, as small as one can be."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from toy_numbers.options import SAMPLE_OPTIONS, SCORE_OPTIONS

from lstmgen import storage
from lstmgen.corpus.prepared import Part
from lstmgen.corpus.token_writer import Stretch
from lstmgen.errors import CorpusError
from lstmgen.media.base import Amount, Figure, RowStyle
from lstmgen.media.features import Feature
from lstmgen.media.manner import Manner
from lstmgen.media.statistics import Extent, Statistic
from lstmgen.media.writing import Encoded, Outcome, Prompt
from lstmgen.options import check_known

HEAD = b"#numbers\n"


@dataclass(frozen=True)
class Digits:
    """Number n has id n + 1."""

    name = "digits"
    vocab_size = 11

    def piece(self, token_id):
        return str(range(-1, 10)[token_id])

    def to_json(self):
        return {"name": "digits", "version": 1}


class Series:
    """Material: every file is one series, the last is held out."""

    def __init__(self, files):
        self._items = [(each.name, read(each.path.read_bytes())) for each in files]
        self.names = tuple(name for name, _ in self._items)
        self.count = len(self.names)
        self.notes = (f"{len(self._items)} series",)
        self.sha256 = self.corpus_sha256 = hashlib.sha256(repr(self._items).encode()).hexdigest()

    def files(self):
        yield from ({"file": name, "read": True} for name in self.names)

    def items(self):
        yield from self._items

    def parts(self, tokenizer):
        def part(items):
            return Part(sha256=hashlib.sha256(repr(items).encode()).hexdigest(), documents=lambda: [[stretch(item)] for _, item in items])

        return {"train": part(self._items[:-1]), "val": part(self._items[-1:])}, {"of": self.sha256}, 1

    def symbols(self, part="train"):
        yield from ((name, symbols(item)) for name, item in (self._items[:-1] if part == "train" else self._items[-1:]))

    def losses(self, tokenizer):
        return ()


def read(content):
    if not content.startswith(HEAD):
        raise CorpusError("no numbers")
    return tuple(int(line) for line in content.split()[1:])


def stretch(item):
    return Stretch(np.array(item, np.int64) + 1, {"numbers": len(item)}, len(item))


def symbols(item):
    return (np.array(item) + 1).astype(np.uint32)


@dataclass
class Writer:
    """Numbers while they are drawn."""

    most: int
    prompt: tuple
    ended: str | None = None

    def __post_init__(self):
        self._drawn = []
        self._allowed_V = np.arange(11) <= self.most + 1
        self._allowed_V[0] = False

    @property
    def tries(self):
        return 0

    @property
    def at_boundary(self):
        return "end-of-document"

    heat = 1.0
    tempered = weighed = ()

    def allowed(self):
        return self._allowed_V

    def push(self, token_id):
        self._drawn.append(token_id - 1)
        return (token_id - 1,)

    def finish(self, *, cut=False):
        return ()

    def outcome(self):
        item = (*self.prompt, *self._drawn)
        return Outcome(item=item, facts={"numbers": item, "total": sum(item)})


@dataclass
class Plan:
    """What every series keeps to."""

    length: int
    most: int
    prompt: tuple
    ends = True

    def writer(self):
        return Writer(self.most, self.prompt)


@dataclass
class Gap:
    """One number of a series that is to be written anew; all that the contract of a gap asks."""

    item: tuple
    place: int
    notes: tuple = ()
    count: int = 1
    usual = 8
    short = True

    def __post_init__(self):
        self.before, self.after = (np.array(part, np.int64) + 1 for part in (self.item[: self.place], self.item[self.place + 1 :]))

    def gap(self, filled):
        return self

    def filling(self):
        return Filling(self.after)

    def true(self):
        return np.array([self.item[self.place] + 1])

    def outcome(self, filled):
        item = (*self.item[: self.place], *(token - 1 for token in filled[0].ids), *self.item[self.place + 1 :])
        return Outcome(item=item, facts={"numbers": item, "gaps": [{"place": self.place}]})


class Filling:
    """A number in a gap."""

    stage = 0

    def __init__(self, after, ids=()):
        self.ids, self._after = [*ids], after

    @property
    def ended(self):
        return len(self.ids) == 1

    complete = ended

    def allowed(self):
        return np.arange(11) > 0

    def push(self, token_id):
        self.ids.append(token_id)

    def legal(self):
        return None

    def legal_behind(self, _):
        return None

    def fork(self):
        return Filling(self._after, self.ids)

    def behind(self, most):
        return self._after[:most]

    def shown(self):
        return str(self.ids[0] - 1)


class NumberMedium:
    """What `media.base.Medium` asks."""

    name = "numbers"
    label = "numbers"
    suffix = ".txt"
    worth = 1.0
    figures = (
        Figure(name="numbers", unit="numbers", heading="numbers", form=",d"),
        Figure(name="nats_per_number", unit="numbers", heading="nats/number", form=".3f", per=1.0),
    )
    rows = RowStyle(key="per_ten", plural="tens", per=None, columns=(("ten", "ten", ",d"),), token_place=("ten", "ten", "ten"))
    symbol_name = "numbers"
    symbol_offset = 0
    sample_options = SAMPLE_OPTIONS
    score_options = SCORE_OPTIONS
    slow_tokenizers = frozenset()

    features = (Feature(name="height", about="how large the number is", yes_or_no=False),)

    def readable(self, tokenizer, ids):
        return [f"{tokenizer.piece(token)} " for token in ids.tolist()]

    def follow(self, tokenizer, ids, item, feature):
        return self.features[0], ids - 1.0

    def manner(self, data):
        return Manner(apart=True)

    def glimpse(self, data):
        return {}

    def recognises(self, head):
        return head.startswith(HEAD)

    def gather(self, found, data, access):
        return Series(found.sources)

    def survey(self, material):
        return {"series": len(material.names)}

    def build(self, wanted, material):
        return Digits()

    def extended(self, tokenizer, material):
        return tokenizer

    def from_json(self, values):
        return Digits()

    def describe(self, tokenizer):
        return {}

    def clock(self, tokenizer):
        return None

    def line_ends(self, tokenizer):
        return None

    def told(self, tokenizer):
        return None

    def legal(self, tokenizer):
        return None

    def settings(self, tokenizer, *, tokens, passes):
        return {}

    def usual(self, tokenizer):
        return {"temperature": 1.0}

    def augmentation(self, tokenizer, data):
        return None

    def tidy(self, item, data):
        return item

    def parse(self, thing):
        if isinstance(thing, Path):
            return read(thing.read_bytes())
        return tuple(map(int, thing.split())) if isinstance(thing, str) else thing

    def encode(self, tokenizer, item, options):
        return Encoded(item=item, ids=np.array(item, np.int64) + 1)

    def decode(self, tokenizer, ids):
        return tuple((ids - 1).tolist())

    def measure(self, tokenizer, ids, item):
        return {"numbers": Amount(len(ids))}

    def places(self, tokenizer, ids, item, *, number, first):
        return np.arange(len(ids)) // 10, [{"ten": place} for place in range(-(-len(ids) // 10))]

    def symbols(self, item):
        return symbols(item)

    def statistics(self, tokenizer):
        return (Statistic(name="digit", heading="digits", parts=tuple("0123456789")), Statistic(name="mean", heading="mean"))

    def extent(self, tokenizer, item):
        return Extent(len(item), "number")

    def count(self, item, seen=None):
        item = item[: int(seen.amount)] if seen else item
        return {"digit": np.bincount(item, minlength=10).astype(float), "mean": np.array([sum(item), len(item)], float)}

    def parse_prompt(self, tokenizer, prompt, options, data):
        item = () if prompt is None else self.parse(prompt)
        return Prompt(item=item, ids=np.array(item, np.int64) + 1, shown=" ".join(map(str, item)))

    def spelled(self, tokenizer, prompt):
        return None

    def gapped(self, tokenizer, item, options, data):
        return Gap(item, options["place"])

    def check_options(self, options):
        check_known(options, (option.name for option in SAMPLE_OPTIONS))

    def corrections(self, tokenizer, parts, expect):
        return None

    def plan(self, tokenizer, prompt, options, *, length, echo, data, corrections=None):
        return Plan(20 if length is None else length, options.get("at_most", 9), prompt.item if echo else ())

    def to_bytes(self, item):
        return HEAD + "".join(f"{number}\n" for number in item).encode()

    def save(self, item, path, *, title=""):
        storage.atomic_write(path, self.to_bytes(item))

    def show(self, item, *, width, height=None, colour=False):
        return " ".join(map(str, item))


MEDIUM = NumberMedium()
