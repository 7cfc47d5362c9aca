"""Case and punctuation put back into a text, and how well: from both directions, from one alone, and without any network.

Letters: T plain characters, L labels.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmgen.choices import MARKS, OBJECTIVES, Part
from lstmgen.corpus.token_file import TokenFile
from lstmgen.ids import BOUNDARY_ID, Ids, labels_of, symbols_of
from lstmgen.model.labelling import labelled, tells_early
from lstmgen.runs.model import TrainedModel
from lstmgen.training.both_ways import ReadBothWays

_NAMES: Final = OBJECTIVES["tags"].labels
_FIRST_MARK: Final = _NAMES.index(MARKS[0])
_MOST_LEARNED: Final = 2**24
"""Characters from which the labels of words are counted."""
_LEAST_PROMISED: Final = 10.0
"""A label that a text promises fewer times wins where it is the most probable one: of so few nobody knows how well they are found."""

Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class TagFigures:
    """How often labels were right.

    Attributes:
        part: of the sources of the model.
        counts: of each label that occurs, in the order of `choices.TAGS`.
        f1: by method and label.
    """

    part: Part
    counts: dict[str, int]
    f1: dict[str, dict[str, float]]

    @property
    def macro_f1(self) -> dict[str, float]:
        """The mean over the labels that occur."""
        return {method: sum(of.values()) / len(of) for method, of in self.f1.items()}

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"part": self.part, "labels": self.counts, "f1": self.f1, "macro_f1": self.macro_f1}


def restored(model: TrainedModel, text: str) -> str:
    """A text with case and punctuation as the model finds them; what it has of them is taken off first.

    A label wins by its probability over half of the best F1 that its probabilities in the text promise (`decided`).

    Args:
        model: of the objective `tags`.
        text: read as the training text was; characters that the model has never seen stay as they are.
    """
    if not text:
        return text
    if 0 < text.count("\n") == text.count("\r\n"):  # such line ends are not learned
        return restored(model, text.replace("\r\n", "\n")).replace("\n", "\r\n")
    ended = text.endswith("\n")  # a mark is told of the character behind it
    tokenizer: Any = model.tokenizer
    plain, ids = tokenizer.plain_of(text if ended else text + "\n")
    found = tokenizer.restored(plain, _found(model, ids)["both_ways"].tolist())
    return found if ended else found[:-1]


def measure_tags(model: TrainedModel, part: Part, *, cache: Path) -> TagFigures:
    """How well the labels of a part of a model's own sources are found.

    Args:
        model: of the objective `tags`.
        part: on which it is measured.
        cache: where token files are.

    Raises:
        ModelFileError, CorpusError: as `TrainedModel.score_split`.
    """
    file = model.origin.token_file(part, cache=cache)
    by_word = _WordLabels(model, model.origin.token_file("train", cache=cache))
    confusion: dict[str, NDArray[np.int64]] = defaultdict(lambda: np.zeros((len(_NAMES), len(_NAMES)), np.int64))
    for ids in _documents(file):
        true_T = labels_of(ids, len(_NAMES))
        without = {"most_frequent": np.full_like(true_T, by_word.frequent), "of_each_word": by_word.found(ids)}
        for method, labels_T in (without | _found(model, ids)).items():
            np.add.at(confusion[method], (true_T, labels_T), 1)
    counts = confusion["most_frequent"].sum(1)
    occurring = np.flatnonzero(counts).tolist()
    f1 = {method: _f1(matrix) for method, matrix in confusion.items()}
    return TagFigures(
        part=part,
        counts={_NAMES[label]: int(counts[label]) for label in occurring},
        f1={method: {_NAMES[label]: float(values[label]) for label in occurring} for method, values in f1.items()},
    )


def _found(model: TrainedModel, ids: Ids) -> dict[str, Labels]:
    """The labels of the tokens of a document, by what the network is given.

    one_way_early   what is up to each token alone, and of marks only what stands before them; where the network has learned that
    one_way         what is up to each token alone: the character behind a mark is one of those
    both_ways       all
    """
    tokenizer: Any = model.tokenizer
    items = ReadBothWays(np.concatenate([[BOUNDARY_ID], ids])).items()
    parts = [found for _, found in sorted(labelled(model.network, items), key=lambda part: part[0])]
    early_TL, one_TL, both_TL = (np.concatenate(of_parts) for of_parts in zip(*parts, strict=True))
    allowed_TL = tokenizer.allowed(ids)
    early_TL = np.where(allowed_TL[:, _FIRST_MARK:].any(1, keepdims=True), early_TL, one_TL)
    given = ({"one_way_early": early_TL} if tells_early(model.network) else {}) | {"one_way": one_TL, "both_ways": both_TL}
    return {method: decided(np.where(allowed_TL, np.exp(log_p_TL.astype(np.float64)), 0.0)) for method, log_p_TL in given.items()}


def decided(p_TL: NDArray[np.float64]) -> Labels:
    """The label of each token, so that the F1 of all labels is high on average, and not only of the frequent ones.

    If the probabilities are right, a label by itself has its best F1 where it is given whenever its probability is above half of that F1
    (Lipton, Elkan and Naryanaswamy 2014). The label wins that is above by the largest factor; so the most frequent one, whose half is near
    50 %, gives way to rarer ones that are less probable.

    Args:
        p_TL: probabilities; each row is scaled to a sum of 1, and has one.
    """
    p_TL = p_TL / p_TL.sum(1, keepdims=True)
    best_L = np.ones(p_TL.shape[1])
    for label, promised in enumerate(p_TL.sum(0).tolist()):
        if promised >= _LEAST_PROMISED:
            right_T = np.sort(p_TL[:, label])[::-1].cumsum()
            best_L[label] = (2 * right_T / (np.arange(1, len(right_T) + 1) + promised)).max()
    return (p_TL / best_L).argmax(1).astype(np.int64)


def _documents(file: TokenFile) -> Iterator[Ids]:
    """The ids of each document that holds any, without its boundary."""
    for begins, ends in itertools.pairwise([*file.starts.tolist(), len(file.ids)]):
        if ends > begins + 1:
            yield np.asarray(file.ids[begins + 1 : ends], np.int64)


def _f1(confusion_LL: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of each label; rows are what is true."""
    either_L = confusion_LL.sum(0) + confusion_LL.sum(1)
    return 2 * confusion_LL.diagonal() / np.maximum(either_L, 1)


class _WordLabels:
    """What needs no network: the most frequent label of all, and of each word with the character behind it.

    Args:
        model: whose tokenizer says what a word is.
        file: from which they are counted.
    """

    def __init__(self, model: TrainedModel, file: TokenFile) -> None:
        tokenizer: Any = model.tokenizer
        self._word_symbols: NDArray[np.bool_] = tokenizer.word_symbols
        counts: dict[bytes, Counter[bytes]] = defaultdict(Counter)
        total_L, left = np.zeros(len(_NAMES), np.int64), _MOST_LEARNED
        for ids in _documents(file):
            learned = ids[:left]
            left -= len(learned)
            labels_T = labels_of(learned, len(_NAMES))
            total_L += np.bincount(labels_T, minlength=len(_NAMES))
            for word, begin, end in self._words(learned):
                counts[word][labels_T[begin:end].tobytes()] += 1
        self.frequent = int(total_L.argmax())
        self._usual = {word: np.frombuffer(of.most_common(1)[0][0], np.int64) for word, of in counts.items()}

    def found(self, ids: Ids) -> Labels:
        """The labels of a document; of words that were never seen the most frequent of all."""
        labels_T = np.full(len(ids), self.frequent, np.int64)
        for word, begin, end in self._words(ids):
            usual = self._usual.get(word)
            if usual is not None:
                labels_T[begin:end] = usual[: end - begin]
        return labels_T

    def _words(self, ids: Ids) -> Iterator[tuple[bytes, int, int]]:
        """Each word, and from where to where it and the character behind it stand."""
        symbols_T = symbols_of(ids, len(_NAMES))
        inside_T = np.concatenate([[False], self._word_symbols[symbols_T], [False]])
        edges = np.flatnonzero(inside_T[1:] != inside_T[:-1])
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if end < len(ids):
                yield symbols_T[begin:end].tobytes(), begin, end + 1
