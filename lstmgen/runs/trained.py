"""`lstmgen.load`: a trained model, ready to generate and to score. The command line does both through this file alone."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

import torch

from lstmgen.analysis.novelty import Novelty, NoveltyIndex
from lstmgen.analysis.scoring import Score, score_text, score_token_file, utf8_bytes
from lstmgen.analysis.tunes import TuneScore, score_tunes
from lstmgen.checkpoint.model_file import find_model, load_model
from lstmgen.checkpoint.run_folder import NOVELTY_NAME, RunFolder
from lstmgen.choices import Device, OovPolicy, Precision
from lstmgen.corpus.token_file import TokenFile
from lstmgen.errors import CorpusError, MachineError, UsageError
from lstmgen.generation.compose import Beginning, Tune, compose, read_prompt
from lstmgen.generation.draw import Context, Drawing, as_length, as_stops, begin, generator_of
from lstmgen.generation.generate import Sample, SampleStream, encode_given
from lstmgen.generation.sampling import Sampling
from lstmgen.generation.stops import StopScanner
from lstmgen.generation.turns import Turns
from lstmgen.media import tokenizers
from lstmgen.media.base import AnyTokenizer, ScoreTokenizer, Tokenizer
from lstmgen.media.sources import Source
from lstmgen.media.tokenizers import fingerprint
from lstmgen.media.tunes.tunes import tidied
from lstmgen.model.arithmetic import choose_device, set_threads
from lstmgen.model.decoder import Decoder
from lstmgen.model.language_model import LanguageModel
from lstmgen.music.constraints import FREE, Constraints
from lstmgen.music.midi.reader import read_midi
from lstmgen.music.score import Score as Music

__all__ = ["Constraints", "Sample", "SampleStream", "Sampling", "Score", "TrainedModel", "Tune", "TuneScore", "Turns", "load"]

_DTYPES: Final = {"auto": torch.float32, "fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_SEED_BELOW: Final = 2**31
_BARS: Final = 16
_SECONDS: Final = 30.0
"""Length of a tune where none is given."""


def load(path: str | Path, *, device: Device = "auto", precision: Precision = "auto", threads: int | None = None) -> TrainedModel:
    """A trained model.

    Args:
        path: a run folder, a model file, or the name of a run under `checkpoints/`.
        device: `auto` takes CUDA where there is some.
        precision: number type of weights and state; `auto` is `fp32`, which is exact.
        threads: CPU threads; None: one for each physical core.

    Raises:
        ModelFileError: there is no such model, or its file is damaged.
        MachineError: the device or the precision is not to be had here.
        UsageError: the device or the precision is none that exists.
    """
    for name, value, allowed in (("device", device, get_args(Device)), ("precision", precision, get_args(Precision))):
        if value not in allowed:
            raise UsageError(f"the {name} is {value!r}, expected one of {', '.join(allowed)}", remedy=f"for example --{name} auto")
    file = find_model(str(path))
    chosen = choose_device(device)
    if precision == "fp16" and chosen.type == "cpu":
        raise MachineError("fp16 runs on CUDA only", remedy="use --precision fp32, bf16 or auto on the CPU")
    set_threads(threads)
    model = load_model(file, device=chosen)
    return TrainedModel(model.network.to(_DTYPES[precision]), model.tokenizer, path=file, summary=model.summary)


class TrainedModel:
    """A network and its tokenizer, to generate and to score with.

    Weights that change afterwards, because the network is still in training, are not noticed: make a new one.

    Args:
        network: the network; its training mode is left as it is.
        tokenizer: the one that it was trained with.
        path: the file that it came from, where there is one.
        summary: what its training wrote about itself.
    """

    def __init__(
        self, network: LanguageModel, tokenizer: AnyTokenizer, *, path: Path | None = None, summary: dict[str, Any] | None = None
    ) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.path = path
        self.summary = summary or {}
        self._decoder: Decoder | None = None
        self._index: NoveltyIndex | None = None
        self._last_prompt: tuple[tuple[str, OovPolicy], Context, tuple[str, ...]] | None = None

    @property
    def kind(self) -> Literal["text", "music"]:
        """What the model has learned."""
        return "music" if tokenizers.of_scores(self.tokenizer) else "text"

    def _of_text(self) -> Tokenizer:
        if tokenizers.of_scores(self.tokenizer):
            raise UsageError(
                "the model has learned music, and this needs one of text", remedy="compose(...) and score_tune(...) are for music"
            )
        return self.tokenizer

    def _of_music(self) -> ScoreTokenizer:
        if not tokenizers.of_scores(self.tokenizer):
            raise UsageError("the model has learned text, and this needs one of music", remedy="train one on MIDI: lstmgen train FOLDER")
        return self.tokenizer

    @property
    def description(self) -> dict[str, Any]:
        """Architecture, tokenizer and training summary, as plain values."""
        return {
            "architecture": self.network.architecture.to_json(),
            "parameters": self.network.architecture.num_parameters,
            "tokenizer": self.tokenizer.name,
            "summary": self.summary,
        }

    @property
    def decoder(self) -> Decoder:
        """The fast path for one stream; made when it is first needed."""
        if self._decoder is None:
            self._decoder = Decoder(self.network)
        return self._decoder

    def generate(
        self,
        prompt: str = "",
        *,
        length: int | None = 500,
        num_samples: int = 1,
        seed: int | None = None,
        stop: str | Sequence[str] = (),
        oov: OovPolicy = "error",
        sampling: Sampling | None = None,
        ignore_end: bool = False,
    ) -> list[Sample]:
        """Texts that continue a prompt. Sample i is the same whatever `num_samples` is.

        Args:
            prompt: what the texts continue; without one they begin a document.
            length: most tokens to draw for each; None or -1 for no end, which needs a stop text.
            num_samples: how many.
            seed: what the random numbers are made from; None draws one, which every sample reports.
            stop: end before the first of these texts.
            oov: what to do with symbols of the prompt that the model has never seen.
            sampling: how tokens are chosen.
            ignore_end: go on where the model would end its document.

        Raises:
            UnseenSymbolError: the prompt holds unseen symbols and `oov` is `error`.
            UsageError: an argument is out of bounds.
        """
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples < 1:
            raise UsageError(f"the number of samples is {num_samples!r}, expected a whole number, 1 or more", remedy="--num-samples 3")
        if as_length(length) is None and not as_stops(stop):
            raise UsageError("a text without a length and without a stop text may never end", remedy="give a length, or a stop text")
        seed = secrets.randbelow(_SEED_BELOW) if seed is None else seed
        samples: list[Sample] = []
        for index in range(num_samples):
            stream = self.stream(
                prompt, length=length, seed=seed, index=index, stop=stop, oov=oov, sampling=sampling, ignore_end=ignore_end
            )
            for _ in stream:
                pass
            samples.append(stream.result)
        return samples

    def stream(
        self,
        prompt: str = "",
        *,
        length: int | None = 500,
        seed: int | None = None,
        index: int = 0,
        stop: str | Sequence[str] = (),
        oov: OovPolicy = "error",
        sampling: Sampling | None = None,
        ignore_end: bool = False,
    ) -> SampleStream:
        """The same text as `generate` gives as number `index`, in pieces as it is drawn; its `result` is the sample.

        Args:
            prompt: as in `generate`.
            length: as in `generate`; without one and without a stop text it goes on for as long as it is read.
            seed: as in `generate`.
            index: which sample of the seed.
            stop: as in `generate`.
            oov: as in `generate`.
            sampling: as in `generate`.
            ignore_end: as in `generate`.

        Raises:
            UnseenSymbolError: the prompt holds unseen symbols and `oov` is `error`.
            UsageError: an argument is out of bounds.
        """
        seed = secrets.randbelow(_SEED_BELOW) if seed is None else seed
        generator, stops = generator_of(seed, index), as_stops(stop)
        StopScanner(stops)  # complains before a long prompt is read
        context, notes = self._context_after(prompt, oov)
        drawing = Drawing(
            self.decoder, context, sampling=sampling or Sampling(), length=as_length(length), generator=generator, ignore_end=ignore_end
        )
        return SampleStream(self._of_text(), drawing, index=index, seed=seed, prompt=prompt, stop=stops, notes=notes)

    def session(self, prompt: str = "", *, seed: int | None = None, oov: OovPolicy = "error") -> Turns:
        """One growing text on which a user and the model take turns.

        Args:
            prompt: what the text begins with; `undo` does not take it back.
            seed: what the random numbers are made from; None draws one.
            oov: what to do with symbols of the prompt that the model has never seen.

        Raises:
            UnseenSymbolError: the prompt holds unseen symbols and `oov` is `error`.
            UsageError: the seed is negative.
        """
        turns = Turns(self.decoder, self._of_text(), seed=secrets.randbelow(_SEED_BELOW) if seed is None else seed)
        if prompt:
            turns.append(prompt, oov=oov)
            turns.keep()
        return turns

    def score(
        self, text: str, *, window: int | None = None, oov: OovPolicy = "error", progress: Callable[[int, int], None] | None = None
    ) -> Score:
        """How well the model predicts a text, which is read as one document.

        Args:
            text: at least one character.
            window: start from an empty state every so many tokens; None carries the state through.
            oov: what to do with symbols that the model has never seen; those left out do not count as characters.
            progress: called with the number of tokens done and of all.

        Raises:
            UnseenSymbolError: the text holds unseen symbols and `oov` is `error`.
            InputError: the text is empty or too long.
            UsageError: the window is not a positive whole number.
        """
        ids, notes = encode_given(self._of_text(), text, oov=oov, what="the text")
        counted = self._of_text().decode(ids) if notes and oov == "skip" else text
        return score_text(
            self.network,
            self._of_text(),
            ids,
            chars=len(counted),
            bytes_=utf8_bytes(counted),
            window=window,
            notes=notes,
            progress=progress,
        )

    def score_token_file(
        self, token_file: TokenFile, *, window: int | None = None, progress: Callable[[int, int], None] | None = None
    ) -> Score:
        """How well the model predicts the documents of a token file, together.

        Raises:
            CorpusError: the token file was made by another tokenizer.
            InputError: there is nothing to count.
            UsageError: the window is not a positive whole number.
        """
        made_by, own = token_file.header["tokenizer_sha256"], fingerprint(self.tokenizer)
        if made_by != own:
            raise CorpusError(
                f"{token_file.path}: made by the tokenizer {made_by[:12]}, expected the model's, {own[:12]}",
                remedy="build it with the model's tokenizer",
            )
        return score_token_file(self.network, token_file, window=window, tokenizer=self._of_text(), progress=progress)

    def score_split(
        self, part: Literal["train", "val"], *, window: int | None = None, cache: Path, progress: Callable[[int, int], None] | None = None
    ) -> Score | TuneScore:
        """How well the model predicts a part of its own run's sources; its token files are most often still in the cache.

        Raises:
            ModelFileError: the model does not lie in the folder of its run.
            CorpusError: the sources have changed since, or the run held nothing out.
            UsageError: the window is not a positive whole number.
        """
        folder = RunFolder((self.path or Path()).parent)
        config = folder.read_config()
        source = Source(folder=folder.path, cache=cache)
        material = source.gather(config, base=self.tokenizer)
        if self.summary.get("corpus_sha256") not in (None, material.corpus_sha256):
            raise CorpusError(
                "the sources have changed since the model was trained on them, so their parts are not the same any more",
                remedy=f"score them as any other: lstmgen score {folder.path} FILE",
            )
        files = source.token_files(material, self.tokenizer, config)
        chosen = files.train if part == "train" else files.val
        if chosen is None:
            raise CorpusError("the run held nothing out for validation", remedy="--split train, or name another source")
        if not tokenizers.of_scores(self.tokenizer):
            return self.score_token_file(chosen, window=window, progress=progress)
        bounds = [*chosen.starts.tolist(), len(chosen.ids)]
        pieces = [chosen.ids[begin + 1 : end].astype("int64") for begin, end in itertools.pairwise(bounds)]
        documents = [(f"tune {number}", ids) for number, ids in enumerate(pieces, 1)]
        return score_tunes(self.network, self.tokenizer, documents, window=window, progress=progress)

    def prepare_tune(self, score: Music) -> Music:
        """A tune as this model has learned tunes: what the pedal holds written into the notes, nothing sounding into itself."""
        data = self.summary.get("settings", {}).get("data", {})
        return tidied(score, "drop" if data.get("pedal") == "drop" else "extend")

    def score_tune(
        self, score: Music, *, name: str = "", window: int | None = None, progress: Callable[[int, int], None] | None = None
    ) -> TuneScore:
        """How well the model predicts a tune.

        Raises:
            InputError: there is nothing to count.
            UsageError: the model is one of text, or the window is not a positive whole number.
        """
        tokenizer = self._of_music()
        tune = self.prepare_tune(score)
        return score_tunes(self.network, tokenizer, [(name, tokenizer.encode(tune))], scores=[tune], window=window, progress=progress)

    def novelty(self, thing: str | Music) -> Novelty:
        """What a text or a tune has copied from what this model was trained on; the run's folder keeps an index for it.

        Raises:
            InputError: the model lies without its index, or has learned something else.
            ModelFileError: the index is damaged.
        """
        if self._index is None:
            self._index = NoveltyIndex.open((self.path or Path()).parent / NOVELTY_NAME)
        return self._index.examine(thing)

    def compose(
        self,
        prompt: Music | str | Path | None = None,
        *,
        length: int | None = None,
        bars: int | None = None,
        seconds: float | None = None,
        num_samples: int = 1,
        seed: int | None = None,
        first: int = 0,
        constraints: Constraints = FREE,
        sampling: Sampling | None = None,
        echo: bool = True,
    ) -> list[Tune]:
        """Tunes that continue a prompt, or begin anew. Sample i is the same whatever `num_samples` is.

        Args:
            prompt: a score, or the path of a MIDI file.
            length: most tokens to draw for each.
            bars: end exactly after so many bars; without any length 16, or 30 seconds where the model knows no bars.
            seconds: end exactly after so many seconds.
            num_samples: how many.
            seed: what the random numbers are made from; None draws one, which every tune reports.
            first: number of the first sample.
            constraints: what the notes must keep to.
            sampling: how tokens are chosen.
            echo: whether a tune begins with the prompt.

        Raises:
            UsageError: the model is one of text, or an argument is out of bounds.
            InputError: the prompt cannot be read.
        """
        tokenizer = self._of_music()
        if length is None and bars is None and seconds is None:
            bars, seconds = (
                (None, _SECONDS) if tokenizer.name == "performance" or tokenizer.to_json().get("time_base") == "seconds" else (_BARS, None)
            )
        wishes = replace(constraints, bars=bars, seconds=seconds)
        given = read_midi(Path(prompt).read_bytes()).score if isinstance(prompt, (str, Path)) else prompt
        seed = secrets.randbelow(_SEED_BELOW) if seed is None else seed
        beginning: Beginning = read_prompt(self.decoder, tokenizer, given, tidied=None if given is None else self.prepare_tune(given))
        return [
            compose(
                self.decoder,
                tokenizer,
                beginning,
                wishes=wishes,
                sampling=sampling or Sampling(),
                length=as_length(length),
                generator=generator_of(seed, index),
                index=index,
                seed=seed,
                echo=echo,
            )
            for index in range(first, first + num_samples)
        ]

    def _context_after(self, prompt: str, oov: OovPolicy) -> tuple[Context, tuple[str, ...]]:
        """Where a text stands after the prompt; the last one is kept, as several samples often continue the same prompt."""
        if self._last_prompt is None or self._last_prompt[0] != (prompt, oov):
            ids, notes = encode_given(self._of_text(), prompt, oov=oov, what="the prompt")
            self._last_prompt = ((prompt, oov), begin(self.decoder, ids), notes)
        return self._last_prompt[1:]
