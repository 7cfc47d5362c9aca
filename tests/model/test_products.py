"""Every row of a product is the same whatever the other rows are."""

import pytest
import torch

from lstmgen.model import products as products_module
from lstmgen.model.products import Products

SHAPES = [(13, 5), (65, 384), (96, 130), (1, 3)]


def matrix_and_rows(shape, dtype, rows=33):
    generator = torch.Generator().manual_seed(sum(shape))
    return (torch.randn(size, generator=generator, dtype=dtype) for size in (shape, (rows, shape[1])))


def in_turn(matrix_GI, x_BI):
    """One product after the other, each added with a single rounding."""
    sums_BG = torch.zeros(len(x_BI), len(matrix_GI))
    for x_B, column_G in zip(x_BI.T.double(), matrix_GI.T.double(), strict=True):
        sums_BG = (x_B[:, None] * column_G + sums_BG.double()).float()
    return sums_BG


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums_are_the_same_in_every_row_for_every_number_of_rows(shape, dtype):
    matrix_GI, x_BI = matrix_and_rows(shape, dtype)
    ways = Products()
    ways.packed = False
    product = ways.of(matrix_GI)
    single_BG = torch.cat([product(row_1I) for row_1I in x_BI.split(1)])
    tolerance = {torch.float64: 1e-12, torch.float32: 1e-4, torch.bfloat16: 0.2}[dtype]
    torch.testing.assert_close(single_BG, x_BI @ matrix_GI.T, rtol=0, atol=tolerance)
    for rows in (1, 2, 3, 5, 8, 33):
        assert torch.equal(product(x_BI[:rows]), single_BG[:rows])


@pytest.mark.parametrize("shape", SHAPES[:-1], ids=str)  # a single output has a kernel of its own, which a decoder finds out
def test_single_rows_and_packed_weights_both_add_in_turn_on_this_machine(shape):
    matrix_GI, x_BI = matrix_and_rows(shape, torch.float32)
    product = Products().of(matrix_GI)
    if not product._pack():
        pytest.skip("no packed product here")
    if not torch.equal(product(x_BI[:1]), in_turn(matrix_GI, x_BI[:1])):
        pytest.skip("this processor adds in another order; a decoder finds out whether it is the same for all rows")
    for rows in (2, 5, 33):
        assert torch.equal(product(x_BI[:rows]), in_turn(matrix_GI, x_BI[:rows]))


def test_a_large_product_takes_the_threads_it_may_have_and_gives_the_same_numbers(monkeypatch):
    matrix_GI, x_BI = matrix_and_rows((300, 70), torch.float32)
    product = Products().of(matrix_GI)
    alone_BG = product(x_BI)
    monkeypatch.setattr(products_module, "MIN_SHARED", 0)
    product._ways.threads = 2
    asked = []
    set_threads = torch.set_num_threads
    monkeypatch.setattr(torch, "set_num_threads", lambda count: (asked.append(count), set_threads(count)))
    assert torch.equal(product(x_BI), alone_BG)
    assert asked == ([2, 1] if product._pack() else [])


def test_a_product_keeps_a_copy_of_its_matrix():
    matrix_GI, x_BI = matrix_and_rows((1, 3), torch.float32)
    product = Products().of(matrix_GI)
    before_BG = product(x_BI[:1])
    matrix_GI.zero_()
    assert torch.equal(product(x_BI[:1]), before_BG)
