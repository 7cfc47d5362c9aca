"""What a run learns from, be it text or music: told apart by content, read, and made into token files.

sources ─► kind ─┬─► texts.py ─► Texts ─┬─► token files
└─► tunes.py ─► Tunes ─┘
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lstmgen.config import Config, DataConfig
from lstmgen.corpus import locate
from lstmgen.corpus.locate import STANDARD_INPUT
from lstmgen.corpus.prepared import Prepared as TokenFiles
from lstmgen.errors import UsageError
from lstmgen.media import tokenizers
from lstmgen.media.base import AnyTokenizer
from lstmgen.media.text.texts import Progress, TextReader, Texts
from lstmgen.media.tunes.collection import is_midi, kind_of
from lstmgen.media.tunes.midi_files import MakeExecutor
from lstmgen.media.tunes.tunes import TuneReader, Tunes

Material = Texts | Tunes
"""What was gathered: documents of text, or tunes."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Reads the sources of one run.

    Attributes:
        folder: the run folder; keeps the token files where the cache cannot be written.
        cache: where token files and corpora are kept.
        kept: the file that keeps what standard input held; what the source `-` stands for.
        executor: makes what reads large collections of tunes; None: everything is read in this process.
        progress: called while files are read.
    """

    folder: Path
    cache: Path
    kept: Path | None = None
    executor: MakeExecutor | None = None
    progress: Progress | None = None

    def gather(self, config: Config, *, base: AnyTokenizer | None = None) -> Material:
        """What the settings name. A tokenizer that is given or asked for decides between text and music, else the content does.

        Args:
            config: the settings.
            base: the tokenizer of the model that the run starts from or goes on with.

        Raises:
            CorpusError: a source cannot be used.
            UsageError: no source is named.
        """
        if not config.data.sources:
            raise UsageError("no source was given", remedy="name a file, a folder or a corpus: lstmgen train story.txt")
        return self.tunes.gather(config.data) if self._of_music(config, base) else self.texts.gather(config.data)

    def token_files(self, material: Material, tokenizer: AnyTokenizer, config: Config) -> TokenFiles:
        """What was gathered as ids on disk, from the cache where they are there already.

        Raises:
            CorpusError: there is too little, or it has changed since it was gathered.
            UnseenSymbolError: the tokenizer cannot express a symbol.
            MachineError: neither the cache nor the folder can be written.
            UsageError: the tokenizer is not one for what was gathered.
        """
        if isinstance(material, Tunes) and tokenizers.of_scores(tokenizer):
            return self.tunes.token_files(material, tokenizer)
        if isinstance(material, Texts) and not tokenizers.of_scores(tokenizer):
            return self.texts.token_files(material, tokenizer, val_frac=config.data.val_frac)
        raise UsageError(f"the {tokenizer.name} tokenizer does not fit to these sources", remedy="name other sources")

    def _of_music(self, config: Config, base: AnyTokenizer | None) -> bool:
        if base is not None:
            return tokenizers.of_scores(base)
        if config.tokenizer.name is not None:
            return config.tokenizer.name in tokenizers.SCORE_NAMES
        return kind_of(config.data.sources, kept=self.kept, cache=self.cache) == "music"

    @property
    def texts(self) -> TextReader:
        """What reads text."""
        return TextReader(folder=self.folder, cache=self.cache, kept=self.kept, progress=self.progress)

    @property
    def tunes(self) -> TuneReader:
        """What reads tunes."""
        return TuneReader(folder=self.folder, cache=self.cache, kept=self.kept, executor=self.executor, progress=self.progress)


def reads_input(data: DataConfig) -> bool:
    """Whether standard input is among the sources."""
    return STANDARD_INPUT in (*data.sources, data.val)


def keep_input(specs: Collection[str | None], stdin: BinaryIO | None, folder: Path) -> Path | None:
    """Keep what standard input holds in a file of a folder, where it is among the specs; else nothing is read, and there is none.

    Raises:
        CorpusError: standard input is empty, or cannot be read.
        UsageError: it is among the specs, and there is none.
        MachineError: the file cannot be written.
    """
    if STANDARD_INPUT not in specs:
        return None
    return locate.keep_input(stdin, folder, ending=lambda head: ".mid" if is_midi(head) else ".txt")
