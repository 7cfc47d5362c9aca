"""A network that gives labels, from sources to a text with case and punctuation."""

import numpy as np
import pytest
import torch

import lstmgen
from lstmgen import api
from lstmgen.choices import TAGS
from lstmgen.errors import UsageError
from lstmgen.ids import labelled_ids
from lstmgen.media.text.tagged import take_off
from lstmgen.model.labelling import labelled, tells_early
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.runs.restoring import decided
from lstmgen.training.streams import IGNORED
from lstmgen.training.tags import TAGS as LEARNED
from lstmgen.training.tags import TagValidation

TEXT = (
    "".join(f"{name} came home; {name} {mood}.\nWhy did {name}? She asked.\n" for name in ("Ada", "Ben") for mood in ("sang", "sat")) * 12
)
SYMBOLS, T, B = 5, 12, 3


def network():
    torch.manual_seed(3)
    vocab_size = 1 + SYMBOLS * len(TAGS)
    return LanguageModel(Architecture(vocab_size=vocab_size, embedding_size=6, hidden_size=5, num_layers=2, objective="tags"))


def test_labels_are_asked_and_never_seen():
    learner = network()
    symbols_TB, labels_TB = torch.randint(1, SYMBOLS + 1, (T, B)), torch.randint(0, len(TAGS), (T, B))
    targets_TB = torch.ones(T, B, dtype=torch.int64)
    targets_TB[4:, 1] = IGNORED
    found = []
    for given_TB in (labels_TB, (labels_TB + 1) % len(TAGS)):
        asked = LEARNED.asked(learner, labelled_ids(symbols_TB, given_TB, len(TAGS)), targets_TB, learner.zero_state(B), 0)
        found.append(asked.hidden)
        assert torch.equal(asked.targets[2][targets_TB != IGNORED], given_TB[targets_TB != IGNORED])
        assert (asked.targets[0] != IGNORED).sum() < (asked.targets[2] != IGNORED).sum() < T * B
        assert (asked.targets[:, 4:, 1] == IGNORED).all()
        marked_TB = (given_TB >= TAGS.index(",")) & (targets_TB != IGNORED)
        early_TB = asked.targets[3] != IGNORED
        assert not early_TB[0].any()
        assert early_TB[1:][marked_TB[1:]].all()
        for stream in range(B):  # and wherever a symbol stands that carries a mark elsewhere
            carriers = set(symbols_TB[marked_TB[:, stream], stream].tolist())
            there = symbols_TB[1:, stream][targets_TB[1:, stream] != IGNORED].tolist()
            assert early_TB[1:, stream].sum() == sum(symbol in carriers for symbol in there)
    assert torch.equal(*found)
    assert learner.head.weight.shape[0] == len(TAGS)
    assert learner.embedding.weight.shape[0] == 1 + SYMBOLS


def test_one_way_knows_nothing_of_what_follows_and_both_ways_do():
    learner, ids = network(), np.array([0, *labelled_ids(np.array([1, 2, 3, 4, 5, 1]), 0, len(TAGS))])
    other = ids.copy()
    other[5] = labelled_ids(2, 0, len(TAGS))
    (_, one), (_, two) = (next(labelled(learner, [(given, 1, 7)])) for given in (ids, other))
    assert np.allclose(one.early[:5], two.early[:5], atol=1e-6)
    assert not np.allclose(one.early[5:], two.early[5:], atol=1e-4)
    assert np.allclose(one.ahead[:4], two.ahead[:4], atol=1e-6)
    assert not np.allclose(one.ahead[4:], two.ahead[4:], atol=1e-4)
    assert not np.allclose(one.both[:4], two.both[:4], atol=1e-4)
    assert not tells_early(learner)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tags")
    (folder / "story.txt").write_text(TEXT)
    settings = {
        "model.hidden_size": 24,
        "model.num_layers": 1,
        "model.embedding_size": 16,
        "training.max_steps": 60,
        "training.batch_size": 8,
        "training.seq_length": 48,
        "training.objective": "tags",
        "optimizer.lr": 0.02,
        "runtime.precision": "fp32",
        "runtime.threads": 1,
    }
    list(lstmgen.train(folder / "story.txt", out=folder / "run", settings=settings, cache=folder / "cache"))
    return folder


def test_case_and_punctuation_come_back_and_are_measured(run):
    model = lstmgen.load(run / "run", objectives=("tags",))
    text = TEXT[:300].rpartition("\n")[0]
    plain, _ = take_off(text + "\n")
    assert plain != text + "\n"
    found = api.restored(model, plain[:-1])
    assert found == api.restored(model, text)
    assert take_off(found + "\n")[0] == plain
    assert (take_off(found + "\n")[1] == take_off(text + "\n")[1]).mean() > 0.85
    assert api.restored(model, text.replace("\n", "\r\n")) == found.replace("\n", "\r\n")
    assert api.restored(model, "") == ""
    assert api.restored(model, "\u2603 ada") in {"\u2603 ada", "\u2603 Ada", "\u2603 ada.", "\u2603 Ada."}
    figures = api.measure_tags(model, "val", cache=run / "cache")
    assert min(figures.macro_f1["both_ways"], figures.macro_f1["of_each_word"]) > 2 * figures.macro_f1["most_frequent"]
    assert list(figures.f1) == ["most_frequent", "of_each_word", "one_way_early", "one_way", "both_ways"]
    assert sum(figures.counts.values()) == sum(len(take_off(part)[0]) for part in [TEXT[int(0.9 * len(TEXT)) :]])


def test_a_label_wins_by_its_probability_over_half_of_the_best_f1_that_is_promised():
    random = np.random.default_rng(1)
    rare_T = np.where(random.random(40_000) < 0.1, random.uniform(0.02, 0.45, 40_000), 0.0)
    p_TL = np.stack([1 - rare_T, rare_T, np.zeros(40_000)], axis=1)
    true_T = (random.random(40_000) < rare_T).astype(int)
    found_T = decided(3 * p_TL)  # rows need no sum of 1

    def f1(labels_T):
        return 2 * (labels_T & true_T).sum() / (labels_T.sum() + true_T.sum())

    assert not p_TL.argmax(1).any()
    best = max(f1((rare_T > threshold).astype(int)) for threshold in np.arange(0.02, 0.44, 0.02))
    assert f1(found_T) > best - 0.05
    assert f1((rare_T > 0.4).astype(int)) < best - 0.1
    assert (decided(p_TL[:60]) == p_TL[:60].argmax(1)).all()  # too few to know
    assert (decided(np.eye(3)) == [0, 1, 2]).all()


def test_the_validation_loss_is_that_of_the_labels(run):
    model = lstmgen.load(run / "run", objectives=("tags",))
    file = model.origin.token_file("val", cache=run / "cache")
    nats, counted = TagValidation(file.ids)(model.network, arithmetic=torch.no_grad)
    assert model.summary["val"]["nats_per_token"] == pytest.approx(nats / counted, rel=1e-4)
    ids = np.asarray(file.ids[:], np.int64)
    ((_, found),) = labelled(model.network, [(np.append(ids, 0), 1, len(ids))])
    by_hand = -found.both[np.arange(len(ids) - 1), (ids[1:] - 1) % len(TAGS)].sum()
    assert nats == pytest.approx(float(by_hand), rel=1e-4)


def test_a_model_of_labels_is_for_nothing_else_and_is_learned_with_its_own_tokenizer(run):
    with pytest.raises(UsageError, match="restores case and punctuation") as caught:
        lstmgen.load(run / "run")
    assert "lstmgen restore" in caught.value.remedy
    story = run / "story.txt"
    for settings, init_from, named in (
        ({"training.objective": "tags", "tokenizer.name": "char"}, None, "tokenizer of its own"),
        ({"training.objective": "tags", "data.documents": "line"}, None, "one stream"),
        ({"training.objective": "tags", "model.tied": True}, None, "--tied"),
        ({"training.max_steps": 1}, run / "run", "gives other answers"),
    ):
        with pytest.raises(UsageError, match=named):
            list(lstmgen.train(story, out=run / "other", settings=settings, init_from=init_from, cache=run / "cache"))
