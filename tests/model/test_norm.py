"""Layer normalisation is torch's, with gradients that do not depend on the number of threads."""

import pytest
import torch
from torch import nn

from lstmgen.model.norm import LayerNorm


def gradients(norm, x, *, threads):
    torch.set_num_threads(threads)
    x = x.clone().requires_grad_()
    y = norm(x)
    (y * torch.linspace(-1, 2, y.numel()).reshape(y.shape)).sum().backward()
    found = [y.detach(), x.grad, norm.weight.grad, norm.bias.grad]
    norm.weight.grad = norm.bias.grad = None
    return found


@pytest.mark.parametrize("shape", [(64, 16, 96), (3, 2, 5), (200, 7, 33)])
def test_outputs_and_gradients_are_those_of_torch_and_the_same_for_any_number_of_threads(shape):
    torch.manual_seed(1)
    ours, torchs = LayerNorm(shape[-1]), nn.LayerNorm(shape[-1])
    with torch.no_grad():
        ours.weight.uniform_(0.5, 2)
        ours.bias.normal_()
    torchs.load_state_dict(ours.state_dict())
    x = torch.randn(shape)
    one = gradients(ours, x, threads=1)
    for threads in (2, 3):
        assert all(map(torch.equal, one, gradients(ours, x, threads=threads)))
    for found, expected in zip(one, gradients(torchs, x, threads=1), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3)
    assert torch.equal(one[0], torchs(x))


def test_without_gradients_it_is_torchs_own():
    ours, x = LayerNorm(5), torch.randn(2, 3, 5)
    with torch.no_grad():
        assert torch.equal(ours(x), nn.functional.layer_norm(x, (5,), ours.weight, ours.bias))
