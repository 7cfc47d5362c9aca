"""What is forbidden has no probability and no gradient, and the rest is a softmax of its own."""

import math

import numpy as np
import pytest
import torch

from lstmgen.media.legal import packed
from lstmgen.model.legal import forbid


@pytest.mark.parametrize("vocabulary", [5, 8, 19])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_softmax_goes_over_what_may_come_and_nothing_else_has_a_gradient(vocabulary, dtype):
    random = np.random.default_rng(vocabulary)
    may_TBV = random.random((4, 3, vocabulary)) < 0.4
    may_TBV[..., 2] = True
    hidden = torch.from_numpy(random.normal(size=(4, 3, 6))).to(dtype)
    weight = torch.from_numpy(random.normal(size=(vocabulary, 6))).to(dtype).requires_grad_()
    expected = torch.where(torch.from_numpy(may_TBV), hidden @ weight.T, -math.inf).log_softmax(-1)[..., 2].sum()
    (of_expected,) = torch.autograd.grad(expected, weight)
    logits = torch.nn.functional.linear(hidden, weight)
    found = forbid(logits, torch.from_numpy(packed(may_TBV))).log_softmax(-1)
    np.testing.assert_array_equal(found.exp().detach().numpy() > 0, may_TBV)
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(4, 3, dtype=dtype))
    assert found[..., 2].sum() == expected
    (of_weight,) = torch.autograd.grad(found[..., 2].sum(), weight)
    torch.testing.assert_close(of_weight, of_expected)
    never_V = ~may_TBV.any((0, 1))
    assert not of_weight[torch.from_numpy(never_V)].any()


def test_where_nothing_is_forbidden_logits_stay_as_they_are():
    logits = torch.randn(3, 4)
    assert forbid(logits, None) is logits
