"""What a model was trained on, as far as it is still where it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, final

from lstmgen import run_files
from lstmgen.analysis.likeness import Likeness, Peers, likenesses
from lstmgen.analysis.novelty import Novelty, NoveltyIndex
from lstmgen.checkpoint.run_folder import RunFolder
from lstmgen.choices import Part
from lstmgen.corpus.token_file import TokenFile
from lstmgen.errors import CorpusError, UsageError
from lstmgen.media.base import Access, Material, Medium, Tokenizer
from lstmgen.media.writing import Item
from lstmgen.runs.sources import gather_again, recorded_input, token_files


@final
@dataclass(frozen=True)
class Origin:
    """The sources of a run, and the index of novelty in its folder.

    Attributes:
        folder: of the run.
        medium: of its model.
        tokenizer: of its model.
        summary: what its training wrote about itself.
    """

    folder: Path
    medium: Medium
    tokenizer: Tokenizer
    summary: dict[str, Any]

    def material(self, cache: Path) -> tuple[Material, Access]:
        """What the run was given to learn from, as it is there now.

        Raises:
            ModelFileError: the folder is none of a run.
            CorpusError: the sources have changed since.
        """
        folder = RunFolder(self.folder)
        config = folder.read_config()
        access = Access(folder=folder.path, cache=cache, kept=recorded_input(config.data, self.summary, folder))
        material = gather_again(config.data, access, medium=self.medium, run=folder.path).material
        if self.summary.get("corpus_sha256") not in (None, material.corpus_sha256):
            raise CorpusError(
                "the sources have changed since the model was trained on them, so their parts are not the same any more",
                remedy=f"score them as any other: lstmgen score {folder.path} FILE",
            )
        return material, access

    def token_file(self, part: Part, *, cache: Path) -> TokenFile:
        """A part of the sources; most often still in the cache. Raises as `material`, and CorpusError: the run held nothing out."""
        material, access = self.material(cache)
        files = token_files(material, self.tokenizer, access)
        chosen = files.train if part == "train" else files.val
        if chosen is None:
            raise CorpusError("the run held nothing out for validation", remedy="--split train, or name another source")
        return chosen

    def novelty(self, item: Item) -> Novelty:
        """What an item has copied. Raises InputError: there is no index; ModelFileError: it is damaged."""
        return self._index.examine(self.medium.symbols(item), offset=self.medium.symbol_offset)

    def held_out_novelty(self, *, cache: Path) -> float:
        """The copied share of what the run held out. Raises as `material`, and CorpusError: it held nothing out."""
        material, _ = self.material(cache)
        found = [self._index.examine(symbols, offset=self.medium.symbol_offset) for _, symbols in material.symbols("val")]
        counted = sum(each.symbols for each in found)
        if not counted:
            raise CorpusError("the run held nothing out", remedy="train with --val-frac 0.1")
        return sum(each.copied_share * each.symbols for each in found) / counted

    def likeness(self, items: Iterable[Item], *, cache: Path) -> list[Likeness]:
        """What items are like beside the sources. Raises as `material`, UsageError and InputError: there is nothing to compare."""
        statistics = self.medium.statistics(self.tokenizer)
        if not statistics:
            raise UsageError(f"there are no statistics of {self.medium.label}", remedy="lstmgen score MODEL FILE, without --music")
        material, _ = self.material(cache)
        samples, corpus = list(items), [item for _, item in material.items()]
        extents, theirs = ([self.medium.extent(self.tokenizer, item) for item in group] for group in (samples, corpus))
        peers = Peers.of(extents, theirs)
        ours = [self.medium.count(item, peers.seen) for item in samples]
        others = [self.medium.count(item, peers.seen) for item, extent in zip(corpus, theirs, strict=True) if peers.hold(extent)]
        return likenesses(statistics, ours, others, peers=peers)

    @cached_property
    def _index(self) -> NoveltyIndex:
        return NoveltyIndex.open(self.folder / run_files.NOVELTY)
