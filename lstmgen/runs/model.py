"""A trained model, ready to generate and to score."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Final

from lstmgen.choices import Part
from lstmgen.config import DataConfig
from lstmgen.generation.clamps import holding
from lstmgen.generation.generate import Job, Sample, Stream, generate
from lstmgen.generation.request import Request
from lstmgen.media.base import Medium, Tokenizer
from lstmgen.media.declared import media_options
from lstmgen.media.manner import Manner
from lstmgen.media.registry import medium_of
from lstmgen.media.writing import Item
from lstmgen.model.compiled.decoder import CompiledDecoder
from lstmgen.model.learning_rule import LearningRule
from lstmgen.model.recall_rule import RecallRule
from lstmgen.options import check_known
from lstmgen.runs.recorded import CORRECTIONS, recorded_data
from lstmgen.wording import counted

if TYPE_CHECKING:
    from lstmgen.analysis.evaluation import Evaluation
    from lstmgen.analysis.likeness import Likeness
    from lstmgen.analysis.novelty import Novelty
    from lstmgen.corpus.token_file import TokenFile
    from lstmgen.generation.infilling import InfillRequest
    from lstmgen.generation.prediction import Prediction
    from lstmgen.generation.turns import Turns
    from lstmgen.model.adaptation import Learner
    from lstmgen.model.compiled.decoder import AnyDecoder
    from lstmgen.model.compiled.step import CompiledStep
    from lstmgen.model.decoder import Decoder
    from lstmgen.model.language_model import LanguageModel
    from lstmgen.model.products import Precision as ProductPrecision
    from lstmgen.model.reading import Forward
    from lstmgen.runs.adapting import Learners
    from lstmgen.runs.origin import Origin
    from lstmgen.runs.scoring import Scorer

_NAMES: Final = {"torch.float32": "fp32", "torch.bfloat16": "bf16", "torch.float16": "fp16"}
_HOW: Final = ("window", "adapt", "beside", "recall", "progress")
"""What every kind of scoring takes."""


class TrainedModel:
    """A trained model, whatever its medium; made by `loading.load`, or from its parts to use without a file.

    Args:
        network: the network, whose training mode is left as it is; or what makes it when it is first needed, with torch.
        tokenizer: the one that it was trained with.
        path: the file that it came from, where there is one.
        summary: what its training wrote about itself.
        precision: of the decoder's weights.
        loops: makes those that draw as the network's decoder would; None: it draws.
    """

    def __init__(
        self,
        network: LanguageModel | Callable[[], LanguageModel],
        tokenizer: Tokenizer,
        *,
        path: Path | None = None,
        summary: dict[str, Any] | None = None,
        precision: ProductPrecision = "fp32",
        loops: Callable[[], CompiledStep] | None = None,
    ) -> None:
        self._network = network
        self.tokenizer = tokenizer
        self.medium: Medium = medium_of(tokenizer)
        self.path = path
        self.summary = summary or {}
        self.precision: ProductPrecision = precision
        self._loops = loops

    def __repr__(self) -> str:
        where = "" if self.path is None else f" from {str(self.path)!r}"
        return f"<TrainedModel of {self.medium.label}, {counted(self.network.architecture.num_parameters, 'parameter')}{where}>"

    @cached_property
    def network(self) -> LanguageModel:
        """The network."""
        from lstmgen.model.language_model import LanguageModel

        return self._network if isinstance(self._network, LanguageModel) else self._network()

    @property
    def kind(self) -> str:
        """What the model has learned: text, music."""
        return self.medium.label

    @property
    def manner(self) -> Manner:
        """How the model has learned its items: as one stream, or each with its end."""
        return self.medium.manner(self.data)

    @property
    def description(self) -> dict[str, Any]:
        """Architecture, tokenizer and training summary, as plain values."""
        return {
            "architecture": self.network.architecture.to_json(),
            "parameters": self.network.architecture.num_parameters,
            "tokenizer": self.tokenizer.name,
            "summary": self.summary,
        }

    @cached_property
    def decoder(self) -> Decoder:
        """The fast path for one token at a time; made when it is first needed."""
        from lstmgen.model.decoder import Decoder

        return Decoder(self.network, precision=self.precision)

    @cached_property
    def drawing(self) -> AnyDecoder:
        """What draws samples: compiled loops by themselves, or the decoder."""
        return self.decoder if self._loops is None else CompiledDecoder(self._loops(), lambda: self.decoder)

    def keep_ready(self) -> None:
        """Sees to it that the next process can draw samples without torch, where that is possible: at once, or by another process."""
        if self._loops is None:
            self.decoder.keep_ready()

    @property
    def numbers(self) -> str:
        """What weights are multiplied in, by name."""
        return self.precision if self.precision != "fp32" else _NAMES.get(str(self.network.head.weight.dtype), "fp32")

    @property
    def forward(self) -> Forward | None:
        """What reads: the decoder where its numbers are not those of the network, so that a score is of what samples are drawn from."""
        return None if self.precision == "fp32" else self.decoder.window

    @cached_property
    def data(self) -> DataConfig:
        """How the model's own sources were read."""
        return recorded_data(self.summary, self.medium)

    def generate(self, prompt: Any = None, *, length: int | EllipsisType | None = ..., **options: Any) -> list[Sample]:
        """Samples that continue a prompt, or begin anew. Sample i is the same whatever `num_samples` is.

        Args:
            prompt: a text; of music notes as they are typed, the path of a MIDI file, or a score. None begins anew.
            length: most tokens to draw for each; None or -1 for no end, which text without a stop text refuses. Left out, it is what is
                usual: 500 of text; of music 16 bars, or 30 seconds where the model knows no bars.
            options: `prompts`, several in place of one; `num_samples`, of each; `seed`, `first`, `sampling`, `echo`, `clamp`, `novel` and
                `adapt` as in `Request`; anything else is an option of the medium, such as `stop="END"` or `bars=16`.

        Raises:
            UnseenSymbolError: the prompt holds unseen symbols and `oov` is `error`.
            UsageError: an argument is out of bounds or unknown.
            InputError: the prompt cannot be read.
        """
        return list(self.answer(Request.of(prompt, length, options)))

    def stream(self, prompt: Any = None, *, length: int | EllipsisType | None = ..., index: int = 0, **options: Any) -> Stream:
        """The same sample as `generate` gives as number `index`, in pieces as it is drawn; its `result` is the sample.

        Pieces of text are `str`, those of music `Notes`. The other arguments and the errors are those of `generate`.
        """
        return self.stream_of(Request.of(prompt, length, options | {"first": index}))

    def compose(self, prompt: Any = None, *, length: int | None = None, **options: Any) -> list[Sample]:
        """`generate`, as it is called of music; without a length, bars or seconds a tune has what is usual."""
        return self.generate(prompt, length=... if length is None else length, **options)

    def answer(self, request: Request) -> Iterator[Sample]:
        """The samples of a request, in order, each as soon as it and those before it have ended."""
        copied, jobs = None if request.novel is None else self._copied_share, self._jobs(request)
        if request.adapt is None:
            return generate(jobs, copied=copied)
        return itertools.chain.from_iterable(generate([self._learned(job)], copied=copied) for job in jobs)

    def stream_of(self, request: Request) -> Stream:
        """The first sample of a request, of its first prompt, in pieces as it is drawn."""
        job = self._jobs(request)[0]
        return Stream(job if request.adapt is None else self._learned(job), request.first)

    def adapted(self, item: Item, rule: LearningRule | None = None, **options: Any) -> TrainedModel:
        """A model that has learned from an item too, by dynamic evaluation; this one stays as it is.

        Args:
            item: as a prompt is given.
            rule: how it learns; None: in the usual way.
            options: of prompts of the medium; of text `oov`.

        Raises:
            UnseenSymbolError: the item holds unseen symbols and `oov` is `error`.
            InputError: it cannot be read.
            DivergedError: the copy's weights have become useless.
        """
        prompt = self.medium.parse_prompt(self.tokenizer, item, options, self.data)
        network = self._learners.learned(prompt.ids, rule)
        return TrainedModel(network, self.tokenizer, path=self.path, summary=self.summary, precision=self.precision)

    def _learned(self, job: Job) -> Job:
        """A prompt that is continued by a model that has learned from it first."""
        from lstmgen.model.decoder import Decoder

        network = self._learners.learned(job.prompt.ids, job.request.adapt)
        return replace(job, decoder=holding(Decoder(network, precision=self.precision), job.request.clamp))

    def learner(self, rule: LearningRule | None = None) -> Learner:
        """A copy of the network that learns from what it reads; the model itself never changes.

        Raises:
            ModelFileError: it has no gradients to learn by.
        """
        return self._learners.learner(rule)

    @cached_property
    def _learners(self) -> Learners:
        from lstmgen.runs.adapting import Learners

        return Learners(self.decoder, self.medium, self.tokenizer, self.data)

    def infill(self, item: Any, **options: Any) -> list[Sample]:
        """An item with gaps, filled so that what follows fits.

        Args:
            item: a text; of music the path of a MIDI file, or a score.
            options: fields of `InfillRequest`; anything else says where the gaps are, such as `gap="___"` or `bars="5-8"`.

        Raises:
            UsageError, UnseenSymbolError, InputError: as `generation.infilling.infill`.
        """
        from lstmgen.generation.infilling import InfillRequest

        return list(self.fill(InfillRequest.of(item, options)))

    def fill(self, request: InfillRequest) -> Iterator[Sample]:
        """What `infill` gives, each as soon as it is there."""
        from lstmgen.generation.infilling import infill

        self.drawing = self.decoder
        return infill(self.decoder, self.medium, self.tokenizer, request, data=self.data)

    def predict(self, prompt: Any = None, *, words: bool = False, top: int = 5, **options: Any) -> Prediction:
        """The characters, words or events that may come next, with probabilities; errors as `generation.prediction.predict`."""
        from lstmgen.generation.prediction import predict

        return predict(self.decoder, self.medium, self.tokenizer, prompt, options, words=words, top=top, data=self.data)

    def session(self, prompt: str = "", *, seed: int | None = None, oov: str = "error") -> Turns:
        """One growing text on which a user and the model take turns.

        Args:
            prompt: what the text begins with; `undo` does not take it back.
            seed: what the random numbers are made from; None draws one.
            oov: what to do with symbols of the prompt that the model has never seen.

        Raises:
            UnseenSymbolError: the prompt holds unseen symbols and `oov` is `error`.
            UsageError: the seed is negative.
        """
        from lstmgen.generation.turns import Turns

        turns = Turns(self.decoder, self.medium, self.tokenizer, seed=seed)
        if prompt:
            turns.append(prompt, oov=oov)
            turns.keep()
        return turns

    def score(
        self,
        item: Item,
        *,
        window: int | None = None,
        adapt: LearningRule | None = None,
        beside: Sequence[TrainedModel] = (),
        recall: RecallRule | None = None,
        progress: Callable[[int, int], None] | None = None,
        **options: Any,
    ) -> Evaluation:
        """How well the model predicts an item, read from its beginning.

        Args:
            item: a text; of music a score, the path of a MIDI file, or notes as they are typed.
            window: start from an empty state every so many tokens; None carries the state through.
            adapt: how a copy of the model goes on learning as it reads; its figures are `Evaluation.adapted`. None: there is none.
                Of models beside this one a copy learns too, and each learns in all keys.
            beside: other models of the same tokenizer, which predict together with this one: the mean of their probabilities counts.
            recall: by which rule what followed at like places of the item counts too; None: it does not.
            progress: called with the number of tokens done and of all.
            options: of the medium; of text `oov`, of music `keys`.

        Raises:
            UnseenSymbolError: the text holds unseen symbols and `oov` is `error`.
            InputError: it is empty, too long, or cannot be read.
            UsageError: the window is not a positive whole number, an option is unknown, or a model beside this one has another tokenizer.
        """
        return self.score_all([item], window=window, adapt=adapt, beside=beside, recall=recall, progress=progress, **options)

    def score_all(self, items: Iterable[Item], **options: Any) -> Evaluation:
        """How well the model predicts some items together, each read from its beginning. The other arguments and errors as `score`.

        With `adapt` a copy begins anew with each item. Of a model that was trained on files of several documents, such as names, the
        items are taken for those of one file: what the copy has learned from one it keeps for the next.
        """
        how = {name: options.pop(name) for name in _HOW if name in options}
        check_known(options, (option.name for option in media_options("score")[self.medium.label]))
        encoded = [self.medium.encode(self.tokenizer, self.prepare(item), options) for item in items]
        return self._scorer(**how).of(encoded)

    def _scorer(self, *, adapt: LearningRule | None = None, beside: Sequence[TrainedModel] = (), **how: Any) -> Scorer:
        from lstmgen.runs.scoring import Scorer, require_same

        for other in beside:
            require_same(self.tokenizer, other.tokenizer, other.path)
        learners, others = [], [(other.network, other.forward) for other in beside]
        if adapt is not None:
            learners = [model.learner(adapt) for model in (self, *beside)]
        how |= {"learners": learners, "forward": self.forward, "beside": others}
        return Scorer(network=self.network, medium=self.medium, tokenizer=self.tokenizer, manner=self.manner, how=how)

    def score_token_file(self, token_file: TokenFile, **how: Any) -> Evaluation:
        """How well the model predicts the items of a token file, together; `how` as of `score`.

        Raises:
            CorpusError: the token file was made by another tokenizer.
            InputError: there is nothing to count.
            UsageError: the window is not a positive whole number.
        """
        return self._scorer(**how).of_file(token_file)

    def score_split(self, part: Part, *, cache: Path, **how: Any) -> Evaluation:
        """How well the model predicts a part of its own run's sources; token files are most often still in the cache. `how` as of `score`.

        Raises:
            ModelFileError: the model does not lie in the folder of its run.
            CorpusError: the sources have changed since, or the run held nothing out.
            UsageError: the window is not a positive whole number.
        """
        chosen = self.origin.token_file(part, cache=cache)
        return self.score_token_file(chosen, **how)

    def prepare(self, item: Item) -> Item:
        """An item as this model has learned items."""
        return self.medium.tidy(self.medium.parse(item), self.data)

    def novelty(self, item: Item) -> Novelty:
        """What an item has copied from what this model was trained on; the run's folder keeps an index for it.

        Raises:
            InputError: the model lies without its index, or the item cannot be read.
            ModelFileError: the index is damaged.
        """
        return self.origin.novelty(self.prepare(item))

    def held_out_novelty(self, *, cache: Path) -> float:
        """The copied share of what the run held out, which its model has never seen: what even new music or text has in common.

        Raises:
            ModelFileError: the model does not lie in the folder of its run.
            CorpusError: the sources have changed since, or the run held nothing out.
        """
        return self.origin.held_out_novelty(cache=cache)

    def likeness(self, items: Iterable[Item], *, cache: Path) -> list[Likeness]:
        """What items, such as samples, are like beside what the run was given to learn from.

        Raises:
            UsageError: nothing of the kind is counted of this medium.
            ModelFileError: the model does not lie in the folder of its run.
            CorpusError: the sources have changed since.
            InputError: there is nothing to compare.
        """
        return self.origin.likeness(map(self.prepare, items), cache=cache)

    @cached_property
    def origin(self) -> Origin:
        """What the model was trained on."""
        from lstmgen.runs.origin import Origin

        return Origin((self.path or Path()).parent, self.medium, self.tokenizer, self.summary)

    def _copied_share(self, item: Item) -> float:
        return self.novelty(item).copied_share

    def _jobs(self, request: Request) -> list[Job]:
        how = {"data": self.data, "corrections": self.summary.get(CORRECTIONS)}
        return Job.of(self.drawing, self.medium, self.tokenizer, request, **how)
