import pytest

from lstmgen import config
from lstmgen.cli import root_command
from lstmgen.cli.settings import check, combine, settings_options
from lstmgen.errors import InputError, UsageError

SETTINGS = settings_options()


def test_every_option_stands_for_a_setting_that_exists_and_none_for_two():
    keys = [option.name for option in SETTINGS]
    assert set(keys) <= set(config.known_keys())
    assert len(keys) == len(set(keys))


def test_a_setting_that_is_not_an_option_can_still_be_set():
    assert combine({}, ["model.layer_norm=false", "optimizer.beta2=0.95"], None) == {"model.layer_norm": False, "optimizer.beta2": 0.95}


def test_an_option_wins_over_an_assignment_and_an_assignment_over_the_file(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('[model]\nhidden_size = 10\nnum_layers = 3\ncell = "gru"\n[training]\nseed = 1\n')
    chosen = combine({"model.hidden_size": 30}, ["model.hidden_size=20", "model.num_layers=4"], file)
    assert chosen == {"model.hidden_size": 30, "model.num_layers": 4, "model.cell": "gru", "training.seed": 1}


def test_what_was_not_given_is_not_passed_on():
    assert combine({}, [], None) == {}


def test_wrong_values_are_all_named_by_the_options_that_carried_them():
    with pytest.raises(UsageError) as caught:
        check({"model.hidden_size": -1, "model.cell": "cnn", "optimizer.lr": float("nan")})
    for flag in ("--hidden-size:", "--cell:", "--lr:"):
        assert flag in caught.value.message


def test_a_switch_is_named_without_its_opposite():
    with pytest.raises(UsageError, match="--tied: expected true or false"):
        check({"model.tied": "maybe"})


@pytest.mark.parametrize("assignment", ["model.hidden_size", "model.hiden_size=3", "nothing=3", "model.hidden_size=many"])
def test_a_wrong_assignment_is_refused(assignment):
    with pytest.raises(UsageError):
        combine({}, [assignment], None)


def test_a_settings_file_is_refused_by_name_when_it_is_missing_binary_or_wrong(tmp_path):
    with pytest.raises(InputError, match=r"absent\.toml"):
        combine({}, [], tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        combine({}, [], tmp_path / "binary.toml")
    (tmp_path / "wrong.toml").write_text("[model]\nhiden_size = 3\n[extra]\na = 1\n")
    with pytest.raises(UsageError, match=r"hiden_size.*extra|extra.*hiden_size"):
        combine({}, [], tmp_path / "wrong.toml")


def test_the_saved_settings_of_a_run_can_be_given_back(tmp_path):
    file = tmp_path / "config.toml"
    whole = config.Config().replace({"model.hidden_size": 7, "data.sources": ("a b", 'c"d')})
    file.write_text(whole.to_toml(), encoding="utf-8")
    assert config.Config().replace(combine({}, [], file)) == whole


def _train_options():
    return {parameter.name: parameter for parameter in root_command().commands["train"].params}


@pytest.mark.parametrize("option", SETTINGS, ids=lambda option: option.name)
def test_the_help_of_an_option_shows_the_default_that_the_configuration_has(option):
    section, _, key = option.name.partition(".")
    default = getattr(getattr(config.Config(), section), key)
    help_text = _train_options()[option.name.replace(".", "__")].help
    if default is None or isinstance(default, bool):
        assert not help_text.endswith("]")
    else:
        assert help_text.endswith(f"[{default}]") or option.name.endswith("_s")


def test_the_help_of_a_choice_lists_what_the_configuration_allows():
    choices = {option.name: config.facts_of(option.name).choices for option in SETTINGS}
    assert sum(map(bool, choices.values())) >= 8
    for name, words in choices.items():
        if words:
            assert _train_options()[name.replace(".", "__")].metavar == "|".join(words)


def test_what_a_variable_says_is_the_weakest_of_all_and_is_checked_all_the_same(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("[model]\nnum_layers = 3\n")
    usual = {"model.hidden_size": 10, "model.num_layers": 4, "training.seed": 5, "model.dropout": 0.1}
    chosen = combine({"training.seed": 6}, ["model.hidden_size=20"], file, usual=usual)
    assert chosen == {"model.hidden_size": 20, "model.num_layers": 3, "training.seed": 6, "model.dropout": 0.1}
    with pytest.raises(UsageError, match="--hidden-size"):
        combine({}, [], None, usual={"model.hidden_size": 0})


def test_the_list_of_settings_has_every_one_with_type_default_option_and_bounds(cli):
    done = cli("train", "--settings")
    assert done.code == 0
    rows = {line.split()[0]: line for line in done.text.splitlines()[1:]}
    assert tuple(rows) == config.known_keys()
    assert "0 to 0.9" in rows["data.val_frac"]
    assert "more than 0 and at most 100" in rows["optimizer.lr"]
    assert "auto|tiny|small" in rows["model.preset"]
    assert "--hidden-size" in rows["model.hidden_size"]
    assert rows["model.layer_norm"].split()[-1] == "true"
