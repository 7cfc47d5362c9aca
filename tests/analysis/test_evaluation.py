"""How well items are predicted, whatever their medium: each token is counted once, and all figures and tables come from the same sum."""

import copy
import json
import math

import numpy as np
import pytest
import torch

from lstmgen.analysis.evaluation import Evaluated, Evaluation, combined, evaluate, summarise
from lstmgen.errors import InputError, UnseenSymbolError, UsageError
from lstmgen.media.registry import medium, medium_of
from lstmgen.media.text import tokenizers
from lstmgen.media.text.byte import ByteTokenizer
from lstmgen.media.tunes.grid.tokenizer import GridTokenizer
from lstmgen.media.tunes.notes.tokenizer import NotesTokenizer
from lstmgen.media.writing import Encoded
from lstmgen.model.language_model import Architecture, LanguageModel
from lstmgen.music.score import Meter, Notes, Score
from lstmgen.runs.model import TrainedModel

TEXT = medium("text")


def rising(tokenizer, *items):
    """An evaluation in which the surprisals are 1, 2, 3, ..."""
    found, begin = [], 1
    for item in items:
        encoded = medium_of(tokenizer).encode(tokenizer, item, {})
        found.append(Evaluated(encoded, np.arange(begin, begin + len(encoded.ids), dtype=np.float64)))
        begin += len(encoded.ids)
    return Evaluation(medium_of(tokenizer), tokenizer, tuple(found))


def exact(case):
    """The network of a case in float64."""
    return copy.deepcopy(case.model.network).double()


def encoded_of(case, items):
    return [case.medium.encode(case.tokenizer, item, {}) for item in items]


def evaluated(case, *items, **options):
    return evaluate(exact(case), case.medium, case.tokenizer, encoded_of(case, items), **options)


def nats_of(evaluation):
    return [item.nats_T.tolist() for item in evaluation.items]


def by_hand(network, ids, window=None):
    """One token after the other, from an empty state at the boundary and after every `window` inputs."""
    ids = [0, *ids]
    nats, state = [], network.zero_state(1)
    for place in range(len(ids) - 1):
        if window is not None and place % window == 0:
            state = network.zero_state(1)
        with torch.inference_mode():
            logits_TBV, state = network(torch.tensor([[int(ids[place])]]), state)
        nats.append(-float(logits_TBV[0, 0].log_softmax(0)[int(ids[place + 1])]))
    return nats


# Surprisals


@pytest.mark.parametrize("window", [None, 1, 3, 7, 1000])
def test_surprisals_are_those_of_the_equations_and_each_window_starts_empty(case, window):
    (item,) = encoded_of(case, case.items[:1])
    found = evaluated(case, item.item, window=window)
    assert nats_of(found) == [pytest.approx(by_hand(exact(case), item.ids, window), rel=1e-9)]


@pytest.mark.parametrize("window", [None, 3])
def test_items_side_by_side_are_predicted_as_each_alone(case, window):
    together = evaluated(case, *case.items, window=window)
    alone = [evaluated(case, item, window=window) for item in case.items]
    assert [pytest.approx(nats, rel=1e-10) for nats in nats_of(together)] == [nats for each in alone for nats in nats_of(each)]


def test_no_boundary_is_counted_and_an_empty_item_counts_nothing(medium_case):
    nothing = Encoded(item=medium_case.medium.decode(medium_case.tokenizer, np.zeros(0, np.int64)), ids=np.zeros(0, np.int64))
    first, second = encoded_of(medium_case, medium_case.items[:2])
    network, args = exact(medium_case), (medium_case.medium, medium_case.tokenizer)
    found = evaluate(network, *args, [first, nothing, second])
    assert [len(nats) for nats in nats_of(found)] == [len(first.ids), 0, len(second.ids)]
    assert found.tokens == len(first.ids) + len(second.ids)
    assert found.figures == pytest.approx(evaluate(network, *args, [first, second]).figures)
    assert len(list(found.token_rows())) == found.tokens
    for empty in ([], [nothing, nothing]):
        with pytest.raises(InputError, match=f"nothing to score: the {medium_case.medium.label} is empty"):
            evaluate(network, *args, empty)


def test_reading_is_without_dropout_leaves_the_training_mode_and_draws_from_no_generator(medium_case):
    shape = Architecture(vocab_size=medium_case.tokenizer.vocab_size, embedding_size=5, hidden_size=7, num_layers=2, dropout=0.5)
    network = LanguageModel(shape).train()
    state = torch.get_rng_state()
    items = encoded_of(medium_case, medium_case.items)
    first, second = (evaluate(network, medium_case.medium, medium_case.tokenizer, items, window=3) for _ in range(2))
    assert nats_of(first) == nats_of(second)
    assert network.training
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("window", [None, 4])
def test_progress_rises_to_the_number_of_tokens(medium_case, window):
    calls = []
    found = evaluated(medium_case, *medium_case.items, window=window, progress=lambda *call: calls.append(call))
    assert calls[-1] == (found.tokens, found.tokens)
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})
    assert {total for _, total in calls} == {found.tokens}


@pytest.mark.parametrize("window", [0, -1, 1.5, True, "8"])
def test_a_window_that_is_no_size_is_a_usage_error(medium_case, window):
    with pytest.raises(UsageError, match="window"):
        evaluated(medium_case, *medium_case.items, window=window)


# Figures


def test_every_figure_is_a_ratio_of_the_same_sum(case):
    found = rising(case.tokenizer, *case.items)
    tokens = sum(len(case.medium.encode(case.tokenizer, item, {}).ids) for item in case.items)
    total = tokens * (tokens + 1) / 2
    assert (found.tokens, found.nats_per_token) == (tokens, pytest.approx(total / tokens))
    assert found.perplexity == pytest.approx(math.exp(total / tokens))
    amounts = {figure.unit: found.figures[figure.name] for figure in case.medium.figures if figure.per is None}
    for figure in case.medium.figures:
        if figure.per is not None and figure.unit in amounts and amounts[figure.unit] is not None:
            assert found.figures[figure.name] * amounts[figure.unit] == pytest.approx(figure.per * total)
        assert getattr(found, figure.name) == found.figures[figure.name]
    with pytest.raises(AttributeError, match="nats_per_colour"):
        _ = found.nats_per_colour


def test_the_amounts_are_those_of_the_items(case):
    found = rising(case.tokenizer, *case.items)
    if case.medium.name == "text":
        assert (found.chars, found.bytes) == (sum(map(len, case.items)),) * 2
        return
    assert found.notes == sum(len(item.notes) for item in case.items) == 40
    # On a grid nothing says the tempo.
    assert found.seconds == pytest.approx(30 * (0.5 if case.tokenizer.name == "grid" else 2 / 3), rel=0.01)
    assert found.frames == (60 if case.tokenizer.name == "grid" else None)


def test_an_evaluation_shows_its_figures(case):
    found = rising(case.tokenizer, case.items[1])
    assert repr(found).startswith(f"Evaluation(tokens={found.tokens}, nats_per_token={found.nats_per_token:.6g}, ")
    assert "None" not in repr(found)


def test_the_first_frame_of_every_tune_can_be_left_out():
    tokenizer = GridTokenizer(form="chords", steps_per_beat=1)
    scores = [Score.of(Notes.of([0, 0, 480, 960], [480, 960, 960, 1440], [60, 64, 62, 65])), Score.of(Notes.of([0], [960], [50]))]
    found = rising(tokenizer, *scores)
    first = sum(item.nats_T[: 1 + int(np.argmax(tokenizer.notation.frame_ends(item.encoded.ids)))].sum() for item in found.items)
    assert 0 < first < found.nats_per_token * found.tokens
    rest = found.nats_per_token * found.tokens - first
    assert found.nats_per_frame_after_first == pytest.approx(rest / (found.frames - 2))


def test_figures_come_from_sums_and_what_has_no_value_is_none():
    table = summarise(TEXT, nats=12.0, tokens=4, amounts={"chars": (6, 12.0), "bytes": (8, 12.0)})
    assert table == pytest.approx(
        {
            "tokens": 4,
            "nats_per_token": 3.0,
            "perplexity": math.exp(3.0),
            "chars": 6,
            "nats_per_char": 2.0,
            "bits_per_char": 2.0 / math.log(2),
            "bytes": 8,
            "bits_per_byte": 1.5 / math.log(2),
        }
    )
    huge = summarise(TEXT, nats=1e6, tokens=1, amounts={"chars": (0, 1e6), "bytes": (0, 1e6)})
    assert huge["perplexity"] is huge["nats_per_char"] is huge["bits_per_char"] is huge["bits_per_byte"] is None
    json.dumps(huge, allow_nan=False)
    assert "chars" not in summarise(TEXT, nats=1.0, tokens=1, amounts={})


def test_combined_evaluations_weigh_every_token_the_same(case):
    one, other = rising(case.tokenizer, case.items[0]), rising(case.tokenizer, *case.items[1:])
    both = combined([one, other])
    assert both.tokens == one.tokens + other.tokens
    total = sum(each.nats_per_token * each.tokens for each in (one, other))
    assert both.nats_per_token == pytest.approx(total / both.tokens)
    for figure in case.medium.figures:
        if figure.per is None and both.figures[figure.name] is not None:
            assert both.figures[figure.name] == pytest.approx(one.figures[figure.name] + other.figures[figure.name])
    with pytest.raises(InputError, match="nothing to score"):
        combined([])


# Rows


def test_every_token_belongs_to_one_row_and_rows_sum_to_the_whole(case):
    found = rising(case.tokenizer, *case.items)
    rows, tokens = list(found.rows()), list(found.token_rows())
    assert sum(row.tokens for row in rows) == found.tokens == len(tokens)
    assert math.fsum(row.nats for row in rows) == math.fsum(row.nats for row in tokens) == found.nats_per_token * found.tokens
    assert [row.facts["index"] for row in tokens] == list(range(found.tokens))
    assert [row.nats for row in tokens] == list(range(1, found.tokens + 1))
    assert [row.facts["text"] for row in tokens] == [case.tokenizer.piece(row.facts["token"]) for row in tokens]
    key, _, source = case.medium.rows.token_place
    counts = {}
    for row in rows:
        counts[row.facts[source]] = counts.get(row.facts[source], 0) + row.tokens
    assert {place: count for place, count in counts.items() if count} == {
        place: sum(row.facts[key] == place for row in tokens) for place in {row.facts[key] for row in tokens}
    }


def test_rows_are_told_by_what_their_medium_says(case):
    rows = list(rising(case.tokenizer, *case.items).rows())
    style = case.medium.rows
    for row in rows:
        assert {key for _, key, _ in style.columns} <= row.facts.keys()
        assert row.surprise == (row.nats if style.per is None else row.nats / row.facts[style.per])


def test_the_tables_are_in_the_json_when_asked_for(case):
    found = rising(case.tokenizer, *case.items)
    plain = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert plain == found.figures
    assert set(plain) == {"tokens", "nats_per_token", "perplexity", *(figure.name for figure in case.medium.figures)}
    table = json.loads(json.dumps(found.to_json(rows=True, per_token=True), allow_nan=False))
    assert set(table) - set(plain) == {case.medium.rows.key, "per_token"}
    assert len(table[case.medium.rows.key]) == len(list(found.rows()))
    assert [row["nats"] for row in table["per_token"]] == list(range(1, found.tokens + 1))


def test_the_json_of_a_line_and_of_a_bar():
    table = rising(ByteTokenizer(), "a\nb").to_json(rows=True, per_token=True)
    assert table["lines"][1] == {"line": 2, "text": "b", "chars": 1, "tokens": 1, "nats": 3.0, "nats_per_char": 3.0}
    assert table["per_token"][0] == {"index": 0, "line": 1, "token": 98, "text": "a", "nats": 1.0}
    tokenizer = GridTokenizer(form="chords", steps_per_beat=1)
    table = rising(tokenizer, Score.of(Notes.of([0], [480], [60]))).to_json(rows=True, per_token=True)
    (bar,) = table["per_bar"]
    assert bar == {"tune": 1, "bar": 1, "seconds": 0.0, "tokens": len(table["per_token"]), "nats": bar["nats"]}
    assert table["per_token"][0].keys() == {"index", "piece", "token", "text", "nats"}


# Lines of texts


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\ntwo\n", ["one", "two"]),
        ("one\ntwo", ["one", "two"]),
        ("\n\nx", ["", "", "x"]),
        ("\n", [""]),
        ("x", ["x"]),
        ("a\u2028b\r\nc", ["a\u2028b\r", "c"]),
        ("é€\n🎵", ["é€", "🎵"]),
    ],
)
def test_lines_end_at_line_feeds(text, lines):
    rows = list(rising(ByteTokenizer(), text).rows())
    assert [row.facts["text"] for row in rows] == lines
    assert [row.facts["line"] for row in rows] == list(range(1, len(lines) + 1))
    assert sum(row.facts["chars"] for row in rows) == len(text)


def test_a_line_feed_belongs_to_the_line_that_it_ends():
    first, second = rising(ByteTokenizer(), "a\nb").rows()
    assert (first.nats, second.nats) == (1.0 + 2.0, 3.0)


def test_a_token_belongs_to_the_line_in_which_it_begins():
    tokenizer = tokenizers.build("bpe", lambda: iter(["ab\nab\nab\nab\n" * 30]), vocab_size=300)
    tokens = [row.facts for row in rising(tokenizer, "ab\nab\nab").token_rows()]
    assert len(tokens) < 8
    for index, row in enumerate(tokens):
        before = tokenizer.decode([each["token"] for each in tokens[:index]])
        assert row["line"] == before.count("\n") + 1


def test_lines_are_counted_on_from_text_to_text():
    found = rising(ByteTokenizer(), "a\nb", "c\n", "d")
    assert [(row.facts["line"], row.facts["text"]) for row in found.rows()] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert [row.facts["line"] for row in found.token_rows()] == [1, 1, 2, 3, 3, 4]


def test_tokens_are_shown_without_control_characters():
    assert [row.facts["text"] for row in rising(ByteTokenizer(), "a\x1b\n").token_rows()] == ["a", "\\x1b", "\\n"]


def test_symbols_that_a_model_has_never_seen_are_refused_left_out_or_replaced():
    tokenizer = tokenizers.build("char", lambda: iter(["abc \n"]))
    with pytest.raises(UnseenSymbolError):
        TEXT.encode(tokenizer, "a é", {"oov": "error"})
    network = LanguageModel(Architecture(vocab_size=tokenizer.vocab_size, embedding_size=5, hidden_size=7, num_layers=1))
    for oov, amounts, word in (("skip", (2, 2, 2), "left out"), ("replace", (3, 3, 4), "replaced")):
        found = evaluate(network, TEXT, tokenizer, [TEXT.encode(tokenizer, "a é", {"oov": oov})])
        assert (found.tokens, found.chars, found.bytes) == amounts
        assert word in found.warnings[0]
        assert found.to_json()["notes"] == list(found.warnings)


# Bars of tunes


def test_bars_are_those_of_the_tune_wherever_its_tokens_stand(tune_case):
    rows = [row.facts for row in rising(tune_case.tokenizer, *tune_case.items).rows()]
    for number, bars in enumerate((6, 1, 3), 1):
        own = [row for row in rows if row["tune"] == number]
        assert set(range(1, bars + 1)) <= {row["bar"] for row in own} <= set(range(1, bars + 2))
        for row in own:
            assert row["seconds"] == pytest.approx(2.0 * (row["bar"] - 1), abs=1e-4)  # three beats of 2/3 s


@pytest.mark.parametrize(("tokenizer", "first"), [(NotesTokenizer("beats", 12), 0), (NotesTokenizer("seconds"), 1)])
def test_bars_are_counted_from_the_first_full_one_where_there_are_bars(tokenizer, first):
    start = 480 * np.arange(3, 15)
    upbeat = Score.of(Notes.of(start, start + 480, 60 + np.arange(12)))
    assert next(iter(rising(tokenizer, upbeat).rows())).facts["bar"] == first


def test_a_note_stands_at_the_tick_at_which_it_begins(tune_case):
    score, tokenizer = tune_case.items[0], tune_case.tokenizer
    ids = tokenizer.encode(score)
    ticks = tokenizer.ticks_of(ids, score)
    assert np.all(np.diff(ticks) >= 0)
    for index in range(len(ids)):
        begun = tokenizer.decode(ids[: index + 1], like=score, since=index).notes
        assert all(abs(tick - ticks[index]) <= 6 for tick in begun.start_ticks.tolist())  # a hundredth of a second is seven ticks and a bit


def test_without_the_tune_bars_are_those_that_the_ids_say():
    tokenizer = NotesTokenizer("beats", 12)
    beat = 480 * np.arange(18)
    ids = tokenizer.encode(Score.of(Notes.of(beat, beat + 480, 60 + np.arange(18)), meters=[Meter(0, 3, 4)], tempos=[(0, 666_667)]))
    encoded = Encoded(item=tokenizer.decode(ids), ids=ids)
    rows = list(Evaluation(medium("tunes"), tokenizer, (Evaluated(encoded, np.ones(len(ids))),)).rows())
    assert [row.facts["bar"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[1].facts["seconds"] == pytest.approx(2.0, rel=0.01)


# Several predict together


def together(*evaluations):
    """The surprisals under the mean of the probabilities."""
    every = np.array([np.concatenate([item.nats_T for item in each.items]) for each in evaluations])
    return -np.log(np.exp(-every).mean(axis=0))


def test_models_beside_one_another_predict_by_the_mean_of_their_probabilities(case):
    other = TrainedModel(copy.deepcopy(case.model.network), case.tokenizer)
    with torch.no_grad():
        for parameter in other.network.parameters():
            parameter.mul_(0.5)
    both = case.model.score_all(case.items, beside=[other])
    alone = [model.score_all(case.items) for model in (case.model, other)]
    assert np.concatenate([item.nats_T for item in both.items]) == pytest.approx(together(*alone))
    assert (both.averaged, both.to_json()["averaged"]) == (2, 2)
    assert "averaged" not in alone[0].to_json()
    stranger = TrainedModel(case.model.network, ByteTokenizer() if case.tokenizer.name != "byte" else GridTokenizer())
    with pytest.raises(UsageError, match="another tokenizer"):
        case.model.score_all(case.items, beside=[stranger])


def test_a_tune_is_predicted_in_several_keys_at_once(case):
    if case.medium.label == "text":
        with pytest.raises(UsageError, match="no option keys"):
            case.model.score_all(case.items, keys=3)
        return
    if not case.tokenizer.transposes:
        with pytest.raises(UsageError, match="in one key"):
            case.model.score_all(case.items, keys=3)
        return
    found = case.model.score_all(case.items, keys=3)
    forms = []
    for semitones in (0, 1, -1):
        ids = [case.tokenizer.augmented(item.ids, semitones=semitones) for item in encoded_of(case, map(case.model.prepare, case.items))]
        items = [case.model._scorer()._whole(Encoded(item=item, ids=of)) for item, of in zip(case.items, ids, strict=True)]
        forms.append(evaluate(case.model.network, case.medium, case.tokenizer, items))
    assert np.concatenate([item.nats_T for item in found.items]) == pytest.approx(together(*forms))
    assert found.averaged == 3
    assert found.tokens == forms[0].tokens
