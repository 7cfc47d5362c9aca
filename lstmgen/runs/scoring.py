"""How well a model predicts items, whether they are at hand or in a token file."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from lstmgen.analysis.evaluation import Evaluation, evaluate
from lstmgen.corpus.token_file import TokenFile
from lstmgen.errors import CorpusError, UsageError
from lstmgen.ids import BOUNDARY_ID
from lstmgen.media.base import Medium, Tokenizer
from lstmgen.media.manner import Manner
from lstmgen.media.registry import fingerprint
from lstmgen.media.writing import Encoded
from lstmgen.model.language_model import LanguageModel


def require_same(tokenizer: Tokenizer, other: Tokenizer, path: Path | None) -> None:
    """Refuses a model whose tokenizer is another one. Raises UsageError."""
    if fingerprint(other) != fingerprint(tokenizer):
        raise UsageError(f"{path} has another tokenizer, so that it predicts other things", remedy="name models that were trained alike")


@final
@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Scores items with a model.

    Attributes:
        network: of the model.
        medium: of the model.
        tokenizer: of the model.
        manner: how the model has learned items.
        how: as `evaluate` takes it.
    """

    network: LanguageModel
    medium: Medium
    tokenizer: Tokenizer
    manner: Manner
    how: Mapping[str, Any]

    def of(self, encoded: Sequence[Encoded]) -> Evaluation:
        """All items together; errors as `evaluate`. What a copy learns it keeps for documents of the same file alone."""
        items = list(map(self._whole, encoded))
        return evaluate(self.network, self.medium, self.tokenizer, items, carried=self.manner.several, **self.how)

    def of_file(self, token_file: TokenFile) -> Evaluation:
        """The items of a token file together; errors as `evaluate`, and CorpusError: it was made by another tokenizer."""
        made_by, own = token_file.header["tokenizer_sha256"], fingerprint(self.tokenizer)
        if made_by != own:
            raise CorpusError(
                f"{token_file.path}: made by the tokenizer {made_by[:12]}, expected the model's, {own[:12]}",
                remedy="build it with the model's tokenizer",
            )
        bounds = itertools.pairwise([*token_file.starts.tolist(), len(token_file.ids)])
        pieces = [token_file.ids[begin + 1 : end].astype("int64") for begin, end in bounds]
        return self.of([Encoded(item=self.medium.decode(self.tokenizer, ids), ids=ids) for ids in pieces])

    def _whole(self, encoded: Encoded) -> Encoded:
        """An item with its end, where that counts."""
        if not self.manner.ends:
            return encoded
        ids, *forms = (np.append(ids, BOUNDARY_ID) for ids in (encoded.ids, *encoded.forms))
        return replace(encoded, ids=ids, forms=tuple(forms))
