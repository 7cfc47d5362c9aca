"""Products in fp32 are the same to rounding whoever makes them, and what lies behind the columns that are wanted has no part in them."""

import pytest
import torch

from lstmgen.model import fp32


@pytest.fixture(params=["oneDNN", "torch"])
def _by(request, monkeypatch):
    if request.param == "torch":
        monkeypatch.setattr(fp32, "by_onednn", lambda: None)
    elif fp32.by_onednn() is None:
        pytest.skip("oneDNN has no such product here")


@pytest.mark.usefixtures("_by")
@pytest.mark.parametrize("rows", [5, 2 * fp32._ROWS + 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_product_over_rows_is_of_the_columns_that_are_wanted(rows, dtype):
    torch.manual_seed(0)
    left_NA, right_NB = (torch.randn(rows, columns).to(dtype) for columns in (24, 40))
    left_NA[:, 16:] = right_NB[:, 32:] = torch.nan
    found = fp32.over_rows(left_NA, right_NB, (16, 32))
    exact = left_NA[:, :16].double().t() @ right_NB[:, :32].double()
    assert found.shape == (16, 32)
    assert found.dtype == dtype
    assert (found - exact).norm() / exact.norm() < (2e-6 if dtype == torch.float32 else 0.01)


def test_onednn_is_asked_only_where_the_processor_has_vectors_that_others_leave_unused(monkeypatch):
    fp32.by_onednn.cache_clear()
    try:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
        assert fp32.by_onednn() is None
    finally:
        fp32.by_onednn.cache_clear()
