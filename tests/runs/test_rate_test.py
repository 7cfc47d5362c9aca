"""The learning rate range test: rates grow, the loss is that of training, the test ends where it goes up, and nothing is kept."""

import math
import xml.etree.ElementTree as ET

import pytest

import lstmgen
from lstmgen.errors import UsageError

SETTINGS = {
    "model.hidden_size": 8,
    "model.num_layers": 1,
    "model.embedding_size": 6,
    "training.batch_size": 4,
    "training.seq_length": 8,
    "training.max_steps": 10,
    "runtime.precision": "fp32",
    "runtime.threads": 1,
}


@pytest.fixture
def tried(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sea.txt").write_text("The sea is wide, the sea is deep.\n" * 200)

    def run(**changes):
        return lstmgen.train("sea.txt", settings=SETTINGS | changes, cache=tmp_path / "cache").rate_test()

    return run


def test_rates_grow_in_equal_ratios_and_the_least_loss_decides(tried, tmp_path):
    found = tried()
    ratios = {round(math.log(after / before), 9) for before, after in zip(found.rates, found.rates[1:], strict=False)}
    assert len(ratios) == 1
    assert found.rates[0] == pytest.approx(1e-5)
    assert len(found.rates) == len(found.losses_nats) == len(found.smoothed_nats) <= 150
    least = found.smoothed_nats.index(min(found.smoothed_nats))
    assert found.least_at == found.rates[least]
    assert found.suggestion == pytest.approx(found.least_at / 10, rel=0.05)
    assert 1e-4 < found.suggestion < 0.1
    assert min(found.smoothed_nats) < 0.8 * found.smoothed_nats[0]
    assert found.usual > 0
    assert not (tmp_path / "checkpoints").exists()


def test_it_is_the_same_again_and_begins_with_the_loss_of_guessing(tried):
    one, same = tried(), tried()
    assert one.losses_nats == same.losses_nats
    assert one.losses_nats[0] == pytest.approx(math.log(18), abs=0.6)


def test_the_curve_is_a_picture(tried, tmp_path):
    found = tried()
    found.save(tmp_path / "rates.svg")
    text = ET.tostring(ET.parse(tmp_path / "rates.svg").getroot(), encoding="unicode")
    assert "learning rate" in text
    assert "suggested" in text
    assert (found.picture("png")).startswith(b"\x89PNG")


def test_a_run_that_is_resumed_has_no_rate_to_look_for(tmp_path):
    with pytest.raises(UsageError, match="keeps its learning rate"):
        lstmgen.train(resume=tmp_path).rate_test()
