"""What is chosen for users who choose nothing."""

import pytest

from lstmgen.config import Config
from lstmgen.media.manner import Manner
from lstmgen.runs import presets
from lstmgen.runs.presets import Facts, resolve, with_default_budget


def facts(**changes):
    return Facts(**{"train_tokens": 1_000_000, "vocab_size": 66, "device": "cpu", "remaining_s": 180.0, **changes})


def test_nothing_is_left_open():
    plain = resolve(Config(), facts()).to_dict()
    for key in ("hidden_size", "num_layers", "embedding_size", "dropout"):
        assert plain["model"][key] is not None
    for key in ("lr", "weight_decay"):
        assert plain["optimizer"][key] is not None
    for key in ("batch_size", "seq_length"):
        assert plain["training"][key] is not None


def test_streams_begin_afresh_where_few_documents_show_a_beginning_and_samples_begin_there():
    def openings(config=None, **changes):
        return resolve(config or Config(), facts(**changes)).training.openings

    assert openings()
    assert not openings(items=500)
    assert not openings(manner=Manner(apart=True))
    assert not openings(Config().replace({"training.objective": "gaps"}))
    assert openings(Config().replace({"training.openings": True}), items=500)


def test_what_the_user_chose_stays():
    chosen = {
        "model.hidden_size": 33,
        "model.dropout": 0.0,
        "optimizer.lr": 0.125,
        "optimizer.weight_decay": 0.0,
        "training.batch_size": 3,
        "training.seq_length": 7,
    }
    plain = resolve(Config().replace(chosen), facts()).to_dict()
    for key, value in chosen.items():
        section, _, name = key.partition(".")
        assert plain[section][name] == value


def test_the_default_budget_holds_only_where_none_is_given():
    assert with_default_budget(Config()).training.max_time_s == presets.DEFAULT_MAX_TIME_S
    assert with_default_budget(Config().replace({"training.max_steps": 5})).training.max_time_s is None
    assert with_default_budget(Config().replace({"training.epochs": 2})).training.max_time_s is None


def test_without_a_budget_a_short_text_ends_after_enough_passes_and_a_long_one_by_the_clock():
    short = resolve(Config(), facts(train_tokens=45_000, remaining_s=300.0, budget_is_default=True))
    assert short.training.epochs == 12
    asked = resolve(Config(), facts(train_tokens=45_000, remaining_s=300.0))
    assert asked.training.epochs is None
    passes = [
        resolve(Config(), facts(train_tokens=tokens, budget_is_default=True)).training.epochs for tokens in (1_000, 10**5, 10**6, 10**8)
    ]
    assert passes == sorted(passes)


def test_a_short_text_gets_a_small_model():
    sizes = [resolve(Config(), facts(train_tokens=tokens, remaining_s=3600.0)).model.hidden_size for tokens in (1_000, 50_000, 1_000_000)]
    assert sizes == sorted(set(sizes))


def test_a_huge_vocabulary_makes_the_layers_narrower_unless_something_else_was_asked_for():
    def width(**changes):
        config = Config().replace(changes.pop("settings", {}))
        return resolve(config, facts(train_tokens=6_000_000, remaining_s=300.0, **changes)).model.hidden_size

    assert width(vocab_size=16_384) == width(vocab_size=66) == 256
    assert width(vocab_size=50_001) == 82
    assert width(vocab_size=10**6) == 64
    assert width(vocab_size=50_001, settings={"model.preset": "large"}) == 512
    assert width(vocab_size=50_001, settings={"model.hidden_size": 300}) == 300


def test_more_time_never_gives_a_smaller_model():
    sizes = [resolve(Config(), facts(remaining_s=seconds)).model.hidden_size for seconds in (5, 30, 90, 180, 600, 3600, 36_000)]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 1


def test_what_a_budget_reads_seldom_gets_narrower_layers_unless_it_is_an_hour():
    def widths(seconds):
        return [resolve(Config(), facts(train_tokens=tokens, remaining_s=seconds)).model.hidden_size for tokens in (10**6, 10**7, 10**9)]

    assert widths(600.0) == [512, 256, 256]
    assert widths(1800.0) == [512, 384, 384]
    assert widths(3600.0) == [512, 512, 512]


def test_a_slow_machine_is_one_with_less_time():
    for remaining_s, train_tokens in ((90.0, 10**6), (300.0, 10**6), (900.0, 10**7), (40.0, 10**5)):
        slow = resolve(Config(), facts(remaining_s=remaining_s, train_tokens=train_tokens, speed=0.25))
        short = resolve(Config(), facts(remaining_s=remaining_s / 4, train_tokens=train_tokens))
        assert slow == short


def test_speed_is_told_in_coarse_steps_of_what_the_yardstick_reads():
    usual = presets.SIZES["small"].tokens_per_second["cpu"]
    assert presets.speed_of(usual) == 1
    assert presets.speed_of(0.55 * usual) == presets.speed_of(0.48 * usual) == 0.5
    assert presets.speed_of(3 * usual) > 2


@pytest.mark.parametrize(
    ("changes", "given", "asked"),
    [
        ({}, {}, True),
        ({}, {"remaining_s": 5.0}, False),
        ({}, {"remaining_s": None}, False),
        ({}, {"device": "cuda"}, False),
        ({"model.hidden_size": 64}, {}, True),
        ({"model.hidden_size": 64, "model.dropout": 0.1, "optimizer.lr": 0.01}, {}, False),
    ],
)
def test_speed_is_asked_for_where_something_depends_on_it(changes, given, asked):
    assert presets.depends_on_speed(Config().replace(changes), facts(**given)) == asked


@pytest.mark.parametrize("tied", [False, True])
def test_the_yardstick_is_one_network_whatever_is_chosen(tied):
    chosen = resolve(Config().replace({"model.tied": tied}), facts(remaining_s=3600.0))
    assert chosen.model.hidden_size == 512
    model = presets.yardstick(chosen).model
    assert (model.hidden_size, model.num_layers, model.embedding_size) == (256, 2, 256 if tied else 128)


def test_the_fewer_steps_there_will_be_the_higher_is_the_rate():
    def rate(steps, **changes):
        config = Config().replace({"model.preset": "small", "training.max_steps": steps, **changes})
        return resolve(config, facts(remaining_s=None)).optimizer.lr

    rates = [rate(steps) for steps in (1, 500, 3_000, 6_000, 10**6)]
    assert rates == sorted(rates, reverse=True)
    assert rates[2] == presets.SIZES["small"].lr
    assert rates[0] == pytest.approx(1.5 * rates[2])
    assert rates[-1] == rates[2]
    assert rate(500, **{"optimizer.lr": 0.1}) == 0.1


def test_the_more_often_a_text_is_read_the_more_is_dropped():
    dropouts = [resolve(Config(), facts(train_tokens=tokens)).model.dropout for tokens in (50_000_000, 1_000_000, 200_000, 45_000, 900)]
    assert dropouts == sorted(dropouts)
    assert dropouts[0] < 0.1
    assert 0.3 < dropouts[-1] < 0.8


def test_a_short_text_gets_windows_and_streams_that_fit_into_it():
    for tokens in (3, 10, 100, 1_000, 10_000):
        training = resolve(Config(), facts(train_tokens=tokens)).training
        assert 1 <= training.seq_length <= max(1, tokens)
        assert training.batch_size * training.seq_length <= max(tokens, 1)


@pytest.mark.parametrize("name", presets.SIZES)
def test_a_named_preset_is_taken_whatever_the_budget(name):
    for seconds in (5.0, 50_000.0):
        config = resolve(Config().replace({"model.preset": name}), facts(remaining_s=seconds))
        assert config.model.hidden_size == presets.SIZES[name].hidden_size


def test_tied_matrices_get_equal_widths():
    model = resolve(Config().replace({"model.tied": True}), facts()).model
    assert model.embedding_size == model.hidden_size


def test_items_that_are_read_apart_get_longer_windows_and_fewer_streams():
    stream, apart = (resolve(Config(), facts(manner=Manner(apart=apart))).training for apart in (False, True))
    assert apart.seq_length > stream.seq_length
    assert apart.batch_size < stream.batch_size


def test_short_items_that_are_levelled_fill_as_large_a_step_as_a_stream():
    stream, *levelled = (
        resolve(Config(), facts(manner=manner, items=items)).training
        for manner, items in (
            (Manner(apart=False), 1),
            *((Manner(apart=True, levelled=True), items) for items in (1, 2_000, 100_000, 1_000_000)),
        )
    )
    for items, training in zip((1, 2_000, 100_000), levelled, strict=False):
        usual = min(training.seq_length, 1_000_000 // items)
        assert training.batch_size == min(items, stream.batch_size * stream.seq_length // usual)
    assert levelled[-1].batch_size == 256


def test_augmentation_counts_as_so_much_more_material():
    plain, worth = (resolve(Config(), facts(train_tokens=200_000, worth=worth)) for worth in (1.0, 5.0))
    more = resolve(Config(), facts(train_tokens=1_000_000))
    assert worth.model.dropout == more.model.dropout < plain.model.dropout
    assert worth.model.hidden_size == more.model.hidden_size
    epochs = [resolve(Config(), facts(train_tokens=45_000, worth=worth, budget_is_default=True)).training.epochs for worth in (1.0, 5.0)]
    assert epochs[1] > epochs[0]
