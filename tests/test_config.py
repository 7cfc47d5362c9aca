import pytest

from lstmgen.config import Config, from_dict
from lstmgen.errors import Mistake, UsageError


def mistakes_of(table):
    with pytest.raises(UsageError) as caught:
        from_dict(table)
    return caught.value


def test_every_mistake_is_told_at_once_with_the_key_that_it_was_made_at():
    error = mistakes_of({"model": {"hiden_size": 3, "num_layers": 0}, "modell": {}, "training": 5})
    assert [mistake.key for mistake in error.mistakes] == ["model.hiden_size", "model.num_layers", "modell", "training"]
    assert error.message == "; ".join(map(str, error.mistakes))
    assert "model.hiden_size: unknown setting, did you mean hidden_size?" in error.message


def test_a_key_without_a_section_is_a_mistake_beside_the_others():
    with pytest.raises(UsageError) as caught:
        Config().replace({"hidden_size": 3, "model.cell": "cnn"})
    assert [mistake.key for mistake in caught.value.mistakes] == ["hidden_size", "model.cell"]


def test_a_mistake_reads_as_key_and_message():
    error = UsageError(mistakes=[Mistake("--lr", "expected a number"), Mistake("--cell", "expected lstm")], remedy="lstmgen train --help")
    assert error.message == str(error) == "--lr: expected a number; --cell: expected lstm"
    assert UsageError("plain").mistakes == ()
