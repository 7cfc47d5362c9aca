"""Tunes as a medium."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final, final

import numpy as np
from numpy.typing import NDArray

from lstmgen import storage
from lstmgen.choices import label_of
from lstmgen.config import DataConfig, TokenizerConfig
from lstmgen.corpus.locate import Candidate
from lstmgen.errors import UsageError
from lstmgen.ids import Ids
from lstmgen.media.base import Access, Amount, Augment, Clock, Figure, Found, RowStyle, Symbols
from lstmgen.media.correcting import Expect
from lstmgen.media.features import Feature
from lstmgen.media.gaps import Gap
from lstmgen.media.legal import Legal, with_what_stands
from lstmgen.media.manner import Manner
from lstmgen.media.statistics import Counts, Extent, Statistic
from lstmgen.media.tunes import features, tokenizers
from lstmgen.media.tunes.collection import Collection, gather_scores
from lstmgen.media.tunes.continuation import with_prompt
from lstmgen.media.tunes.event_tokenizer import EventTokenizer
from lstmgen.media.tunes.gapped import GappedTune
from lstmgen.media.tunes.given import SUFFIXES, names_a_file, reading_of
from lstmgen.media.tunes.material import TuneMaterial, as_learned, ended, tidied
from lstmgen.media.tunes.melody import symbols_of_score
from lstmgen.media.tunes.notes.corrections import put_right
from lstmgen.media.tunes.options import HARMONIZE_OPTIONS, INFILL_OPTIONS, SAMPLE_OPTIONS, constraints_of
from lstmgen.media.tunes.statistics import count, statistics
from lstmgen.media.tunes.survey import survey
from lstmgen.media.tunes.track_choice import TrackChoice, names_of, with_tracks
from lstmgen.media.tunes.writer import TunePlan
from lstmgen.media.writing import Encoded, Prompt
from lstmgen.music.bars import Bars, beginning, first_number, full_bars
from lstmgen.music.excerpt import excerpt
from lstmgen.music.midi.chunks import is_midi
from lstmgen.music.score import Score
from lstmgen.music.tidy import with_whole_upbeat
from lstmgen.options import check_known

_BARS: Final = 16
_SECONDS: Final = 30.0
"""Length of a tune where none is given; seconds where the model knows no bars."""
_AS_WRITTEN: Final = 3
"""So many times tunes are read as they were written before any is transposed where all keys are written alike."""


@final
class TuneMedium:
    """What `media.base.Medium` asks, answered for tunes. An item is a `Score`."""

    name: ClassVar = "tunes"
    label: ClassVar = label_of("tunes")
    suffix: ClassVar = ".mid"
    worth: ClassVar = 5.0
    """Music in 13 keys holds about as much as so many times the music in one."""
    figures: ClassVar = (
        Figure(name="notes", unit="notes", heading="notes", form=",d"),
        Figure(name="nats_per_note", unit="notes", heading="nats/note", form=".3f", per=1.0),
        Figure(name="seconds", unit="seconds", heading="seconds", form=",.1f"),
        Figure(name="nats_per_second", unit="seconds", heading="nats/second", form=".3f", per=1.0),
        Figure(name="frames", unit="frames", heading="frames", form=",d"),
        Figure(name="nats_per_frame", unit="frames", heading="nats/frame", form=".4f", per=1.0),
        Figure(name="nats_per_frame_after_first", unit="frames_after_first", heading="after the first", form=".4f", per=1.0),
    )
    rows: ClassVar = RowStyle(
        key="per_bar",
        plural="bars",
        per=None,
        columns=(("tune", "tune", ",d"), ("bar", "bar", ",d"), ("second", "seconds", ".1f")),
        token_place=("piece", "tune", "tune"),
    )
    symbol_name: ClassVar = "notes"
    symbol_offset: ClassVar = 1
    slow_tokenizers: ClassVar = frozenset[str]()
    features: ClassVar = features.FEATURES

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins like this says that it is MIDI."""
        return is_midi(head)

    def manner(self, data: DataConfig) -> Manner:
        """Tunes are read apart; published figures do not count their ends."""
        del data
        return Manner(apart=True)

    def glimpse(self, data: DataConfig) -> dict[str, Any]:
        """The beginning of a tune."""
        del data
        return {}

    def gather(self, found: Found, data: DataConfig, access: Access) -> TuneMaterial:
        """The pieces that were found, tidied and split. Raises CorpusError: one that was named cannot be used, or there is none."""

        def read(files: tuple[Candidate, ...]) -> Collection:
            return gather_scores(files, executor=access.executor, progress=access.stage("reading"))

        choice = TrackChoice.of(data)
        collection, val = with_tracks(read(found.sources), choice), None if found.val is None else with_tracks(read(found.val), choice)
        return TuneMaterial.of(collection, val, data)

    def survey(self, material: TuneMaterial) -> dict[str, Any]:
        """What the material holds."""
        return survey(material)

    def build(self, wanted: TokenizerConfig, material: TuneMaterial) -> EventTokenizer:
        """The tokenizer that the settings ask for, fitted to the pieces that are learned from."""
        if wanted.vocab_size is not None:
            raise UsageError("a vocabulary size does not apply to MIDI, whose events are fixed", remedy="leave --vocab-size out")
        options = {option: getattr(wanted, option) for option in tokenizers.OPTIONS}
        return tokenizers.build(wanted.name or tokenizers.NAMES[0], [piece.score for piece in material.train], **options)

    def extended(self, tokenizer: EventTokenizer, material: TuneMaterial) -> EventTokenizer:
        """The same: its events are fixed."""
        del material
        return tokenizer

    def from_json(self, values: Mapping[str, Any]) -> EventTokenizer:
        """The tokenizer that its `to_json` described."""
        return tokenizers.from_json(values)

    def describe(self, tokenizer: EventTokenizer) -> dict[str, Any]:
        """How it was fitted; of the names of tracks how many there are."""
        values = {key: value for key, value in tokenizer.to_json().items() if key not in {"name", "version"}}
        names = values.pop("names", {})
        return values | ({"named_tracks": sum(bool(name) for own in names.values() for name in own)} if names else {})

    def clock(self, tokenizer: EventTokenizer) -> Clock | None:
        """The cycle that the tokens of a grid imply."""
        return tokenizer.clock

    def legal(self, tokenizer: EventTokenizer) -> Legal | None:
        """What the grammar allows, of models that were trained with it."""
        return (lambda ids: with_what_stands(tokenizer.legal(ids), ids)) if tokenizer.grammar else None

    def settings(self, tokenizer: EventTokenizer, *, tokens: int | None, passes: float) -> Mapping[str, Any]:
        """Those of the tokenizer."""
        return tokenizer.settings(tokens=tokens, passes=passes)

    def line_ends(self, tokenizer: EventTokenizer) -> None:
        """None: tunes are read apart."""
        del tokenizer

    def told(self, tokenizer: EventTokenizer) -> NDArray[np.bool_] | None:
        """What follows from what is asked for: by how much a tune was transposed, and how many bars are left."""
        told_V = tokenizer.table.are(np.arange(tokenizer.vocab_size), *tokenizer.told_kinds)
        return told_V if tokenizer.told_kinds else None

    def usual(self, tokenizer: EventTokenizer) -> Mapping[str, float]:
        """As is usual for the tokenizer."""
        return tokenizers.usual(tokenizer)

    def augmentation(self, tokenizer: EventTokenizer, data: DataConfig) -> Augment | None:
        """Another key and another speed, where the settings ask for them."""
        return partial(_varied, tokenizer, data) if data.augment else None

    def tidy(self, item: Score, data: DataConfig) -> Score:
        """A tune as it is learned: what the pedal holds is written into the notes, and nothing sounds into itself."""
        return as_learned(item, data)

    def parse(self, thing: Score | bytes | str | Path) -> Score:
        """A score, the content of a MIDI file, the path of one, or notes as a person types them."""
        return reading_of(thing).score

    def encode(self, tokenizer: EventTokenizer, item: Score, options: Mapping[str, Any]) -> Encoded:
        """A tune to be scored, which has been tidied."""
        ids = tokenizer.encode(item)
        if "keys" in options and not tokenizer.transposes:
            raise UsageError("this model writes every tune in one key and knows few in another", remedy="leave --keys out")
        return Encoded(item=item, ids=ids, forms=tuple(tokenizer.in_other_keys(ids, options.get("keys", 1) - 1)))

    def decode(self, tokenizer: EventTokenizer, ids: Ids) -> Score:
        """The score of ids, in 4/4 where they say no meter."""
        return tokenizer.decode(ids)

    def measure(self, tokenizer: EventTokenizer, ids: Ids, item: Score) -> dict[str, Amount]:
        """Notes, seconds, and frames where there is a grid; published figures leave the first frame of a piece out."""
        del item
        measures = tokenizer.measure(ids)
        amounts = {"notes": Amount(measures.notes), "seconds": Amount(measures.seconds)}
        if measures.frames is None:
            return amounts
        after_first = Amount(measures.frames - 1, skipped=measures.first_frame)
        return amounts | {"frames": Amount(measures.frames), "frames_after_first": after_first}

    def places(
        self, tokenizer: EventTokenizer, ids: Ids, item: Score, *, number: int, first: int
    ) -> tuple[NDArray[np.int64], list[dict[str, Any]]]:
        """The bar in which each token stands, and every bar in which one does, counted as musicians do: an upbeat is bar 0."""
        del first
        bars = Bars(item)
        lines = bars.ticks(np.arange(bars.count + 1))
        bar_T = np.clip(np.searchsorted(lines, tokenizer.ticks_of(ids, item), side="right") - 1, 0, None)
        bar_R, row_T = np.unique(bar_T, return_inverse=True)
        seconds, first_bar = item.seconds_at(lines), first_number(item) if _knows_bars(tokenizer) else 1
        return row_T, [{"tune": number, "bar": bar + first_bar, "seconds": float(seconds[bar])} for bar in bar_R.tolist()]

    def readable(self, tokenizer: EventTokenizer, ids: Ids) -> list[str]:
        """The words of each event."""
        return features.readable(tokenizer, ids)

    def follow(self, tokenizer: EventTokenizer, ids: Ids, item: Score, feature: str) -> tuple[Feature, NDArray[np.float64]]:
        """A feature at each event."""
        return features.follow(tokenizer, ids, item, feature)

    def symbols(self, item: Score) -> Symbols:
        """The steps from note to note."""
        return symbols_of_score(item)

    def statistics(self, tokenizer: EventTokenizer) -> tuple[Statistic, ...]:
        """Of pitches, times and, where the model knows bars, of bars."""
        return statistics(bars=_knows_bars(tokenizer))

    def extent(self, tokenizer: EventTokenizer, item: Score) -> Extent:
        """Bars, or seconds where the model knows no bars: what comes back in 16 bars is not what comes back in 64."""
        return Extent(full_bars(item), "bar") if _knows_bars(tokenizer) else Extent(item.duration_s, "second")

    def count(self, item: Score, seen: Extent | None = None) -> Counts:
        """The sums of one tune."""
        return count(item, None if seen is None else _beginning(item, seen))

    def parse_prompt(self, tokenizer: EventTokenizer, prompt: Any, options: Mapping[str, Any], data: DataConfig) -> Prompt:
        """What a tune continues. Notes that are typed are played by the first instrument that may be drawn."""
        if prompt is None or prompt == "":
            return Prompt(item=None, ids=np.zeros(0, np.int64))
        reading = reading_of(prompt)
        typed = isinstance(prompt, str) and not names_a_file(prompt)
        # A rest behind notes that are typed is meant.
        score = with_whole_upbeat(reading.score if typed else ended(TrackChoice.of(data).prompt(reading.score), data))
        programs = constraints_of(options).programs
        if typed and programs:
            score = score.changed(notes=score.notes.changed(program=np.full(len(score.notes), min(programs))))
        shown = prompt if isinstance(prompt, str) else str(prompt) if isinstance(prompt, Path) else ""
        notes = tuple(f"the prompt: {finding.reason}" for finding in reading.findings)
        if len(score.notes) < len(reading.score.notes):
            notes += (f"the prompt: without {', '.join(sorted(set(names_of([reading.score])) - set(names_of([score]))))}",)
        ids = tokenizer.encode_prompt(tidied(score, data.pedal), bars=_bars_to_follow(score, options))
        return Prompt(item=score, ids=ids, shown=shown, notes=notes)

    def spelled(self, tokenizer: EventTokenizer, prompt: Prompt) -> None:
        """None: ids are events."""
        del tokenizer, prompt

    def gapped(self, tokenizer: EventTokenizer, item: Score, options: Mapping[str, Any], data: DataConfig) -> GappedTune:
        """A tune in which some bars of some tracks are to be written anew, or all voices but some that are kept."""
        check_known(options, (option.name for option in (*INFILL_OPTIONS, *HARMONIZE_OPTIONS)))
        return GappedTune(tokenizer, item, options, data)

    def cut(self, tokenizer: EventTokenizer, ids: Ids, begin: int, end: int, *, most: int) -> Gap:
        """Of tunes bars and tracks are cut out."""
        del tokenizer, ids, begin, end, most
        raise UsageError("of music bars or tracks are cut out, not tokens", remedy="lstmgen infill MODEL --measure 10 --bars 3-4")

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Refuses what is unknown, cannot be read, or leaves nothing."""
        check_known(options, (*(option.name for option in SAMPLE_OPTIONS), "constraints"))
        constraints_of(options)

    def corrections(self, tokenizer: EventTokenizer, parts: Sequence[Iterable[Ids]], expect: Expect) -> dict[str, Any] | None:
        """What the notation puts right."""
        corrections = tokenizer.corrections(parts, expect)
        return None if corrections is None else corrections.to_json()

    def plan(
        self,
        tokenizer: EventTokenizer,
        prompt: Prompt,
        options: Mapping[str, Any],
        *,
        length: int | None,
        echo: bool,
        data: DataConfig,
        corrections: Mapping[str, Any] | None = None,
    ) -> TunePlan:
        """What every tune of a request keeps to."""
        del data
        constraints = constraints_of(options)
        _check_told(tokenizer, options, continues=prompt.item is not None)
        if (length is None or constraints.loop) and constraints.bars is None and constraints.seconds is None:
            constraints = replace(constraints, **_usual_end(tokenizer))
        bpm, right = options.get("bpm"), put_right(corrections, tokenizer.table, share=options.get("correction"))
        shares = tokenizers.usual_shares(tokenizer, corrected=right is not None)
        return TunePlan(
            tokenizer=tokenizer,
            prompt=prompt.item,
            ids=prompt.ids,
            constraints=with_prompt(constraints, prompt.item),
            given_length=None if length is None or length < 0 else length,
            echo=echo,
            tempo_us=None if bpm is None else max(1, round(60e6 / bpm)),
            closing=options.get("closing", tokenizers.usual_closing(tokenizer)),
            corrections=right,
            **(shares | {name: options[name] for name in tokenizers.SHARES if name in options}),
        )

    def to_bytes(self, item: Score) -> bytes:
        """A MIDI file."""
        from lstmgen.music.midi.writer import to_midi_bytes

        return to_midi_bytes(item)

    def save(self, item: Score, path: Path, *, title: str = "") -> None:
        """Writes a MIDI file, a picture or sound, by the ending of its name."""
        if path.suffix.lower() in SUFFIXES:
            storage.atomic_write(path, self.to_bytes(item))
            return
        from lstmgen.music.rendering import render_file

        try:
            render_file(item, path, title=title)
        except UsageError as error:
            stem = path.stem or "tune"
            raise UsageError(f"{error.message}, or .mid", remedy=f"name it {stem}.mid, {stem}.png or {stem}.wav") from error

    def show(self, item: Score, *, width: int, height: int | None = None, colour: bool = False) -> str:
        """A piano roll."""
        from lstmgen.music.roll import draw_terminal

        return draw_terminal(item, width=width, height=height, colour=colour)


MEDIUM: Final = TuneMedium()


def _varied(tokenizer: EventTokenizer, data: DataConfig, ids: Ids, random: np.random.Generator, turn: int) -> Ids:
    """A tune in another key, at another speed and otherwise loud, all drawn evenly; nothing leaves what MIDI has.

    Where all keys are written alike, other keys teach nothing of the tunes. But they keep a network that reads the same tunes again and
    again from learning them by heart, and so come the more often the more often everything has been read. `data.as_written` is the share
    that is left to the tunes as they were written.
    """
    as_written = not tokenizer.transposes and random.random() < max(data.as_written or 0.0, _AS_WRITTEN / (turn + 1))
    least, most = (0, 0) if as_written else tokenizer.transpositions(ids)
    shift = int(random.integers(max(-data.max_transpose, least), min(data.max_transpose, most), endpoint=True))
    limit = float(np.log1p(data.max_stretch))
    stretch = float(np.exp(random.uniform(-limit, limit))) if tokenizer.stretches else 1.0
    most, (softest, loudest) = data.max_louder, tokenizer.louder_by(ids)
    louder = int(random.integers(max(-most, softest), min(most, loudest), endpoint=True)) if most else 0
    return tokenizer.augmented(ids, semitones=shift, stretch=stretch, louder=louder)


def _bars_to_follow(prompt: Score, options: Mapping[str, Any]) -> int:
    """How many bars are to follow a prompt: as asked for, in its last tempo and meter; the usual number where nothing says."""
    if options.get("bars") is not None or options.get("form") is not None or options.get("seconds") is None:
        return constraints_of(options).bars or _BARS
    seconds_per_beat = prompt.tempos.tempo_at(prompt.length_ticks) / 1e6
    return max(1, round(options["seconds"] / seconds_per_beat / prompt.meters[-1].bar_ticks(1)))


def _check_told(tokenizer: EventTokenizer, options: Mapping[str, Any], *, continues: bool) -> None:
    """Refuses what this model cannot be told. Raises UsageError."""
    values = tokenizer.to_json()
    if options.get("loop") and continues:
        raise UsageError("--loop is for tunes from the beginning, to which their end leads", remedy="leave the prompt out")
    if "form" in options and not values.get("repeats", False):
        raise UsageError("--form needs a model that knows repeats", remedy="one of notes in beats that was trained without --no-repeats")
    if "rhythm_temperature" in options and tokenizer.name == "grid":
        raise UsageError("--rhythm-temperature is for events in time, and a grid has a token for every step", remedy="leave it out")
    knows = {"key": values.get("guides", False), "tempo": values.get("time_base") == "beats"}
    instead = {"key": "--scale keeps to a scale with any model", "tempo": "--bpm plays any tune at a tempo"}
    for name, known in knows.items():
        if name not in options:
            continue
        if not known:
            raise UsageError(f"--{name} is told to models of notes in beats, and this one knows no {name}", remedy=instead[name])
        if continues:
            raise UsageError(f"--{name} is for tunes from the beginning, and a prompt has its own {name}", remedy=instead[name])


def _beginning(item: Score, seen: Extent) -> Score:
    """What is seen of a tune."""
    if seen.unit == "bar":
        return beginning(item, int(seen.amount))
    until = int(item.ticks_at(seen.amount))
    return item if until >= item.length_ticks else excerpt(item, 0, max(1, until))


def _usual_end(tokenizer: EventTokenizer) -> dict[str, Any]:
    return {"bars": _BARS} if _knows_bars(tokenizer) else {"seconds": _SECONDS}


def _knows_bars(tokenizer: EventTokenizer) -> bool:
    """Whether a tune has bars, as far as its ids say."""
    return tokenizer.name != "performance" and tokenizer.to_json().get("time_base") != "seconds"
