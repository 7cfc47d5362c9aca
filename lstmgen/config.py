"""Every setting of a run, with its unit, its bounds and its default, in one place.

The command line, `--config FILE.toml` and `--set section.key=value` all end here, and the resolved settings are saved with the run as
`config.toml`. A value of None means "let the preset choose"; a resolved configuration has none where a number is needed. All mistakes
are reported at once.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from lstmgen import limits, strict_toml
from lstmgen.bounds import Bounds
from lstmgen.choices import (
    CELLS,
    OBJECTIVES,
    WITHOUT,
    BackwardPass,
    Device,
    Documents,
    ErrorsPolicy,
    GridForm,
    PedalPolicy,
    Precision,
    PresetName,
    Schedule,
    TimeBase,
    cell_names,
    objective_names,
    tokenizer_names,
)
from lstmgen.errors import Mistake, UsageError
from lstmgen.setting_values import bounds_of, checked, choices_of, did_you_mean, options_of, orders_or_none, power_of_two
from lstmgen.strict_toml import StrictTomlError, shown, toml_value

_MOST_MISTAKES: Final = 20
"""That are named at once."""
_KEY_CHARS: Final = 60
"""Of a key that is not known, in a message."""


def _setting(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    open_low: bool = False,
    choices: Callable[[], tuple[str, ...]] | None = None,
    read: Callable[[Any], object] | None = None,
) -> Any:
    """A dataclass field whose value must lie in [low, high], or in (low, high] with `open_low`, or be one of a table's names.

    Of words that say more `read` raises ValueError where they do not.
    """
    return field(default=default, metadata={"low": low, "high": high, "open_low": open_low, "choices": choices, "read": read})


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Where text or music comes from, how it is split, and what is done to it."""

    sources: tuple[str, ...] = ()
    """Files, folders, globs, `-`, or names of corpora."""
    val: str | None = None
    """A separate validation source; without it a part of every text, or every tenth tune or document, is held out."""
    val_frac: float = _setting(0.1, low=0.0, high=0.9)
    """Share that is held out for validation: of every text its end; of tunes, and of documents in files, evenly spread ones."""
    errors: ErrorsPolicy = "strict"
    """What to do with bytes that are not UTF-8."""
    keep_newlines: bool = False
    """Keep CRLF and CR instead of turning them into LF."""
    encoding: str = "utf-8"
    """Of text files, by any name that Python knows it by."""
    documents: Documents = "file"
    """What of a text is one document: a whole file, a line, or what stands between blank lines."""
    separator: str | None = None
    """A text that stands between documents, in place of `documents`."""
    pedal: PedalPolicy = "extend"
    """MIDI: whether notes sound on while the sustain pedal is down, or the pedal is dropped."""
    silent_ends: bool | None = None
    """MIDI: whether bars of silence behind a tune are a part of it; new runs: no; None, as in older runs: yes."""
    tracks: str | None = None
    """MIDI: the tracks that are learned from, by name, number or instrument, with commas between; None: all."""
    drums: bool = True
    """MIDI: whether drums are learned from."""
    augment: bool = True
    """MIDI: show each tune in another key and at another speed every time it is read."""
    as_written: float | None = _setting(None, low=0.0, high=1.0)
    """MIDI with `common_key`: least share of readings as written, else it falls as 3 / pass; new runs: 0.5, 0.75 with seats; None: 0."""
    max_transpose: int = _setting(6, low=0, high=24)
    """MIDI: most semitones up or down of the augmentation."""
    max_stretch: float = _setting(0.05, low=0.0, high=0.5)
    """MIDI: largest share by which the augmentation makes a tune slower, and its inverse quicker."""
    max_louder: int | None = _setting(None, low=0, high=16)
    """`performance`: most steps of 4 velocities by which the augmentation makes a tune louder or softer; None: 3."""


@dataclass(frozen=True, kw_only=True)
class TokenizerConfig:
    """How text or music becomes token ids."""

    name: str | None = _setting(None, choices=tokenizer_names)
    """None: `char` for text, `notes` for MIDI."""
    vocab_size: int | None = _setting(None, low=2, high=limits.MAX_VOCABULARY)
    """Number of ids that `word`, `bpe` and `unigram` may use; None fits it to the corpus."""
    source_model: str | None = None
    """A model whose tokenizer is taken over."""
    time_base: TimeBase | None = None
    """`notes`: beats for scores, seconds for performances; None: by content."""
    steps_per_beat: int | None = _setting(None, low=1, high=48)
    """`notes` in beats, and `grid`: steps to a quarter note; None: by content."""
    repeats: bool | None = None
    """`notes` in beats: whether a bar that comes back is one event; None: yes."""
    variants: bool | None = None
    """`notes` with repeats: whether bars come back with other velocities too, and first halves with another end; None: yes."""
    tails: bool | None = None
    """`notes` with variants: whether the end of a bar comes back behind another beginning; None: yes."""
    guides: bool | None = None
    """`notes` in beats: whether the model is told the key, and with each bar how many remain; None: yes."""
    apart: bool | None = None
    """`notes`: whether the tracks of one program stay apart; None: yes."""
    seats: bool | None = None
    """`notes` in beats: whether parts are counted from the lowest, in place of their instruments; None: where tunes differ in these."""
    returns: bool | None = None
    """`notes` with seats and variants: whether a part comes back by itself; None: yes."""
    common_key: bool | None = None
    """`notes` with guides: whether pitches are written as if every tonic were C; None: yes."""
    grammar: bool | None = None
    """MIDI: whether what the grammar of a tokenizer forbids has no probability; None: yes, but for voices, where nothing would change."""
    ages: bool | None = None
    """`performance`: whether keys go up by how long they have been down, not by pitch; None: yes."""
    grid_form: GridForm | None = None
    """`grid`: one token for each voice of a step, or the notes of a step in ascending order; None: voices."""
    voices: int | None = _setting(None, low=1, high=16)
    """`grid` with voices: how many; None: by content."""
    hold: bool | None = None
    """`grid`: whether a held note is told from one that is struck again; None: yes."""


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The shape of the network."""

    preset: PresetName = "auto"
    cell: str = _setting(next(iter(CELLS)), choices=cell_names)
    without: str | None = _setting(None, choices=lambda: tuple(WITHOUT))
    """The gate that an LSTM does without."""
    hidden_size: int | None = _setting(None, low=1, high=limits.MAX_HIDDEN_SIZE)
    """Units in each recurrent layer."""
    num_layers: int | None = _setting(None, low=1, high=limits.MAX_LAYERS)
    embedding_size: int | None = _setting(None, low=1, high=limits.MAX_EMBEDDING_SIZE)
    """Numbers in the vector of each token; None: 128 for an alphabet, more for larger vocabularies, at most hidden_size."""
    dropout: float | None = _setting(None, low=0.0, high=0.95)
    """Share of activations dropped on the embedding and after each layer while training."""
    layer_norm: bool = True
    """Normalise the input of every layer and of the output."""
    residual: bool = True
    """Add every layer's input to its output where their widths agree."""
    tied: bool = False
    """Use the embedding matrix as the output matrix too; needs embedding_size == hidden_size."""
    matches: str | None = _setting(None, read=orders_or_none)
    """By how many of the last tokens the network is told what followed before, with commas between, or `none`; None: by tokenizer."""
    match_slots: int | None = _setting(None, low=16, high=2**18, read=power_of_two)
    """Of each table of what followed, a power of two; None: 16,384."""


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """AdamW and its learning rate."""

    lr: float | None = _setting(None, low=0.0, high=100.0, open_low=True)
    """Peak learning rate."""
    lr_schedule: Schedule = "linear"
    """How the rate falls from its peak to zero at the end of the budget, after the warm-up."""
    warmup_steps: int | None = _setting(None, low=0)
    """Steps in which the rate rises from zero; None: the first twentieth of the budget."""
    weight_decay: float | None = _setting(None, low=0.0, high=100.0)
    """Decoupled decay, on matrices only."""
    beta1: float = _setting(0.9, low=0.0, high=0.9999)
    beta2: float = _setting(0.99, low=0.0, high=0.999999)
    grad_clip: float = _setting(1.0, low=0.0)
    """Largest norm of the gradient; 0 switches clipping off."""
    forbidden_share: float | None = _setting(None, low=0.0, high=1.0)
    """Of the loss, that goes over all ids where a grammar forbids some; None: a half."""


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """The budget, the windows, and what happens how often."""

    max_time_s: float | None = _setting(None, low=0.0, open_low=True)
    """Wall-clock seconds of the whole command. The default of 300 holds only where no other budget is given."""
    max_steps: int | None = _setting(None, low=1)
    epochs: float | None = _setting(None, low=0.0, open_low=True)
    """Passes over the training part."""
    batch_size: int | None = _setting(None, low=1, high=65_536)
    """Streams that are read side by side."""
    seq_length: int | None = _setting(None, low=1, high=65_536)
    """Tokens of a window of truncated backpropagation through time."""
    patience: int = _setting(0, low=0)
    """Evaluations without a better validation loss before the run ends; 0: never."""
    eval_every: int | None = _setting(None, low=1)
    """Steps between evaluations; None: spread so that they take about a twentieth of the work."""
    save_every_s: float = _setting(60.0, low=0.0, open_low=True)
    """Seconds between complete checkpoints."""
    sample_every_s: float | None = _setting(None, low=0.0)
    """Seconds between samples shown while training; 0: none; None: eight over the run."""
    seed: int = _setting(0, low=0, high=2**63 - 1)
    objective: str = _setting(next(iter(OBJECTIVES)), choices=objective_names)
    """What is learned: the next token, or the tokens of gaps from what stands on both sides."""
    infill: float = _setting(0.0, low=0.0, high=0.9)
    """Share of the windows that are read as prefix, suffix and middle, beside those in plain order."""
    openings: bool | None = None
    """Text in one stream: whether streams begin afresh at some paragraphs, as texts do; None: where fewer than 100 documents show it."""


@dataclass(frozen=True, kw_only=True)
class RuntimeConfig:
    """Where and in which arithmetic it runs; never changes what a run means."""

    device: Device = "auto"
    precision: Precision = "auto"
    backward_pass: BackwardPass | None = None
    """Training on a CPU: LSTM layers of torch, wide ones with a backward pass of our own, or compiled ones (extra `fast`); None: the
    fastest where that was measured (AMD's Zen 4 and Zen 5), torch's elsewhere. A run begun without this setting keeps torch's."""
    threads: int | None = _setting(None, low=1, high=1024)
    """CPU threads; None: one for each physical core."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings of a run."""

    data: DataConfig = DataConfig()
    tokenizer: TokenizerConfig = TokenizerConfig()
    model: ModelConfig = ModelConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()
    runtime: RuntimeConfig = RuntimeConfig()

    def replace(self, changes: dict[str, Any]) -> Config:
        """A copy with `section.key` entries changed, checked.

        Raises:
            UsageError: naming every unknown key and every value of the wrong type or out of bounds.
        """
        table: dict[str, dict[str, Any]] = {}
        mistakes: list[Mistake] = []
        for dotted, value in changes.items():
            section, _, key = dotted.partition(".")
            if not key:
                mistakes.append(Mistake(dotted, "expected section.key"))
                continue
            table.setdefault(section, {})[key] = value
        return _merge(self, table, mistakes)

    def filled(self, usual: Mapping[str, Any]) -> Config:
        """A copy with `section.key` entries put in where nothing is chosen."""
        chosen = {f"{section}.{key}": value for section, values in self.to_dict().items() for key, value in values.items()}
        return self.replace({key: value for key, value in usual.items() if chosen[key] is None})

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Nested plain values, ready for JSON; None where nothing is chosen."""
        plain = dataclasses.asdict(self)
        plain["data"]["sources"] = list(plain["data"]["sources"])
        return plain

    def to_toml(self) -> str:
        """The settings as TOML; what is None is left out."""
        lines: list[str] = []
        for section, values in self.to_dict().items():
            lines.append(f"[{section}]")
            lines.extend(f"{key} = {toml_value(value)}" for key, value in values.items() if value is not None)
            lines.append("")
        return "\n".join(lines)


def from_dict(table: dict[str, Any], base: Config | None = None) -> Config:
    """`base` (all defaults) with a nested table laid over it.

    Raises:
        UsageError: naming every mistake.
    """
    return _merge(base or Config(), table, [])


def from_toml(text: str, *, base: Config | None = None, name: str = "config") -> Config:
    """`base` with the settings of a TOML text laid over it.

    Raises:
        UsageError: the text is not TOML, or holds mistakes, all of which are named.
    """
    try:
        table = strict_toml.loads(text)
    except StrictTomlError as error:
        raise UsageError(f"{name} is not TOML: {error}", remedy="write sections and values like: [model] then hidden_size = 256") from error
    return from_dict(table, base)


def parse_assignment(text: str) -> tuple[str, Any]:
    """`section.key=value` as the key and its value, read as TOML where it is TOML and as a plain word elsewhere.

    Raises:
        UsageError: there is no `=`.
    """
    key, equals, raw = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"--set {text!r} has no value", remedy="write it as --set section.key=value, for example --set model.tied=true")
    try:
        return key.strip(), strict_toml.loads(f"value = {raw.strip()}")["value"]
    except StrictTomlError:
        return key.strip(), raw.strip()


@dataclass(frozen=True)
class SettingFacts:
    """What a setting may be.

    Attributes:
        type: `str`, `int`, `float` or `bool`; of a list of texts `tuple`.
        choices: the words that it may have; none where it is no choice of words.
        default: its value where nothing is chosen.
        bounds: of a number.
    """

    type: type
    choices: tuple[str, ...]
    default: Any
    bounds: Bounds


@cache
def _hints_of(section: type) -> dict[str, Any]:
    """The types of its fields, which are written as texts and read here."""
    return typing.get_type_hints(section)


def facts_of(dotted: str) -> SettingFacts:
    """What is known of the setting `section.key`. Raises KeyError: there is none."""
    section_name, _, key = dotted.partition(".")
    section = getattr(Config(), section_name)
    hint = _hints_of(type(section))[key]
    metadata = next(item.metadata for item in dataclasses.fields(section) if item.name == key)
    choices = choices_of(hint, metadata)
    kind = next(option for option in options_of(hint) if option is not types.NoneType)
    return SettingFacts(str if choices else typing.get_origin(kind) or kind, choices, getattr(section, key), bounds_of(metadata))


def known_keys() -> tuple[str, ...]:
    """Every `section.key` there is."""
    config = Config()
    return tuple(
        f"{section.name}.{key.name}" for section in dataclasses.fields(config) for key in dataclasses.fields(getattr(config, section.name))
    )


def _merge(base: Config, table: dict[str, Any], mistakes: list[Mistake]) -> Config:
    sections: dict[str, Any] = {}
    names = {section.name for section in dataclasses.fields(base)}
    for name, values in table.items():
        if len(mistakes) >= _MOST_MISTAKES:
            break
        if name not in names:
            mistakes.append(Mistake(name[:_KEY_CHARS], f"unknown section, expected one of {', '.join(sorted(names))}"))
        elif not isinstance(values, dict):
            mistakes.append(Mistake(name, f"expected a table of settings, found {shown(values)}"))
        else:
            sections[name] = _merge_section(name, getattr(base, name), values, mistakes)
    if mistakes:
        raise UsageError(mistakes=mistakes, remedy="lstmgen train --help lists the settings, docs/cli.md explains them")
    return dataclasses.replace(base, **sections)


def _merge_section(name: str, section: Any, values: dict[str, Any], mistakes: list[Mistake]) -> Any:
    hints = _hints_of(type(section))
    fields = {item.name: item for item in dataclasses.fields(section)}
    changed: dict[str, Any] = {}
    for key, value in values.items():
        if len(mistakes) >= _MOST_MISTAKES:
            break
        if key not in fields:
            start = key[:_KEY_CHARS]
            mistakes.append(Mistake(f"{name}.{start}", f"unknown setting{did_you_mean(start, list(fields))}"))
            continue
        try:
            changed[key] = checked(value, hints[key], fields[key].metadata)
        except ValueError as error:
            mistakes.append(Mistake(f"{name}.{key}", str(error)))
    return dataclasses.replace(section, **changed) if changed else section
