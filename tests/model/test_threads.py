"""Few streams are read by one thread, many by all, and the setting is put back."""

import pytest
import torch

from lstmgen.model.arithmetic import FEW_STREAMS, threads_for


@pytest.fixture(autouse=True)
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("streams", "expected"), [(1, 1), (FEW_STREAMS - 1, 1), (FEW_STREAMS, 3), (500, 3)])
def test_the_number_of_threads_follows_from_the_number_of_streams(streams, expected):
    with threads_for(streams, torch.device("cpu")):
        assert torch.get_num_threads() == expected
    assert torch.get_num_threads() == 3


def test_the_setting_is_put_back_after_a_failure():
    with pytest.raises(KeyError), threads_for(1, torch.device("cpu")):
        raise KeyError
    assert torch.get_num_threads() == 3


def test_on_another_device_nothing_is_changed():
    with threads_for(1, torch.device("meta")):
        assert torch.get_num_threads() == 3
