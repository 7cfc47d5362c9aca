"""What a run learns from, be it text or music: told apart by content, read, and made into token files.

sources ─► kind ─┬─► texts.py ─► Texts ─┬─► token files
└─► tunes.py ─► Tunes ─┘
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from lstmgen.config import Config
from lstmgen.corpus.prepared import Prepared as TokenFiles
from lstmgen.errors import UsageError
from lstmgen.media import tokenizers
from lstmgen.media.base import AnyTokenizer
from lstmgen.media.text.texts import Progress, TextReader, Texts, kept_input
from lstmgen.media.tunes.collection import kind_of
from lstmgen.media.tunes.tunes import TuneReader, Tunes

Material = Texts | Tunes
"""What was gathered: documents of text, or tunes."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Reads the sources of one run.

    Attributes:
        folder: the run folder; keeps what came from standard input, and the token files where the cache cannot be written.
        cache: where token files and corpora are kept.
        stdin: what the source `-` reads; None reads what the folder has kept of it.
        progress: called while files are read.
    """

    folder: Path
    cache: Path
    stdin: BinaryIO | None = None
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
        of_music = self._of_music(config, base)
        # To tell its kind, standard input was read and kept already.
        here = replace(self, stdin=None) if self._looks(config, base) else self
        return here.tunes.gather(config.data) if of_music else here.texts.gather(config.data)

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

    @staticmethod
    def _looks(config: Config, base: AnyTokenizer | None) -> bool:
        """Whether the content decides."""
        return base is None and config.tokenizer.name is None

    def _of_music(self, config: Config, base: AnyTokenizer | None) -> bool:
        if base is not None:
            return tokenizers.of_scores(base)
        if config.tokenizer.name is not None:
            return config.tokenizer.name in tokenizers.SCORE_NAMES
        sources = [kept_input(self.folder) if source == "-" and self.stdin is None else source for source in config.data.sources]
        return kind_of(sources, stdin=self.stdin, spool=self.folder, cache=self.cache) == "music"

    @property
    def texts(self) -> TextReader:
        """What reads text."""
        return TextReader(folder=self.folder, cache=self.cache, stdin=self.stdin, progress=self.progress)

    @property
    def tunes(self) -> TuneReader:
        """What reads tunes."""
        return TuneReader(folder=self.folder, cache=self.cache, stdin=self.stdin, progress=self.progress)
