"""Every row of a product is the same whatever the other rows are."""

import numpy as np
import pytest
import torch

from lstmgen.model import products as products_module
from lstmgen.model.arrays import arrays_for
from lstmgen.model.products import Products

SHAPES = [(13, 5), (65, 384), (96, 130), (1, 3)]


def product_of(ways, *weights_GI, **options):
    """Whose inputs and result are tensors, which is easier to compare."""
    by, product = arrays_for(weights_GI[0]), ways.of(*weights_GI, **options)
    return lambda *parts_BI: by.tensor(product(*map(by.view, parts_BI)))


def matrix_and_rows(shape, dtype, rows=33):
    generator = torch.Generator().manual_seed(sum(shape))
    return (torch.randn(size, generator=generator, dtype=dtype) for size in (shape, (rows, shape[1])))


def in_turn(matrix_GI, x_BI):
    """One product after the other, each added with a single rounding."""
    sums_BG = torch.zeros(len(x_BI), len(matrix_GI))
    for x_B, column_G in zip(x_BI.T.double(), matrix_GI.T.double(), strict=True):
        sums_BG = (x_B[:, None] * column_G + sums_BG.double()).float()
    return sums_BG


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("fp32", torch.float64), ("bf16", torch.float32)])
@pytest.mark.parametrize("shape", [*SHAPES, (512, 20), (300, 1_100)], ids=str)
def test_sums_are_the_same_in_every_row_for_every_number_of_rows(shape, precision, dtype):
    matrix_GI, x_BI = matrix_and_rows(shape, dtype)
    ways = Products(precision)
    ways.packed = False
    product = product_of(ways, matrix_GI)
    single_BG = torch.cat([product(row_1I) for row_1I in x_BI.split(1)])
    tolerance = 1.0 if precision == "bf16" else {torch.float64: 1e-12, torch.float32: 1e-4}[dtype]
    torch.testing.assert_close(single_BG, x_BI @ matrix_GI.T, rtol=0, atol=tolerance)
    for rows in (1, 2, 3, 5, 8, 33):
        assert torch.equal(product(x_BI[:rows]), single_BG[:rows])


@pytest.mark.parametrize("shape", SHAPES[:-1], ids=str)  # a single output has a kernel of its own, which a decoder finds out
def test_single_rows_and_packed_weights_both_add_in_turn_on_this_machine(shape):
    matrix_GI, x_BI = matrix_and_rows(shape, torch.float32)
    ways = Products()
    if not ways.of(matrix_GI)._pack():
        pytest.skip("no packed product here")
    product = product_of(ways, matrix_GI)
    if not torch.equal(product(x_BI[:1]), in_turn(matrix_GI, x_BI[:1])):
        pytest.skip("this processor adds in another order; a decoder finds out whether it is the same for all rows")
    for rows in (2, 5, 33):
        assert torch.equal(product(x_BI[:rows]), in_turn(matrix_GI, x_BI[:rows]))


def test_a_large_product_takes_the_threads_it_may_have_and_gives_the_same_numbers(monkeypatch):
    matrix_GI, x_BI = matrix_and_rows((300, 70), torch.float32)
    ways = Products()
    product = product_of(ways, matrix_GI)
    alone_BG = product(x_BI)
    monkeypatch.setattr(products_module, "MIN_SHARED", 0)
    ways.threads = 2
    asked = []
    set_threads = torch.set_num_threads
    monkeypatch.setattr(torch, "set_num_threads", lambda count: (asked.append(count), set_threads(count)))
    assert torch.equal(product(x_BI), alone_BG)
    assert asked == ([2, 1] if ways.of(matrix_GI)._pack() else [])


def test_a_product_keeps_a_copy_of_its_matrix():
    matrix_GI, x_BI = matrix_and_rows((1, 3), torch.float32)
    product = product_of(Products(), matrix_GI)
    before_BG = product(x_BI[:1])
    matrix_GI.zero_()
    assert torch.equal(product(x_BI[:1]), before_BG)


WITHOUT_VNNI = pytest.mark.parametrize("units", [True, False], ids=["vnni", "no vnni"])


@WITHOUT_VNNI
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_int8_sums_are_the_sums_of_whole_numbers_in_every_row_on_every_processor(shape, units, monkeypatch):
    monkeypatch.setattr(products_module, "vnni", lambda: units)
    matrix_GI, x_BI = matrix_and_rows(shape, torch.float32)
    product = product_of(Products("int8"), matrix_GI)
    scale_G1 = matrix_GI.abs().amax(1, keepdim=True) / 127
    largest_B1 = x_BI.abs().amax(1, keepdim=True)
    whole_BG = (x_BI * (127 / largest_B1)).round().double() @ (matrix_GI / scale_G1).round().double().T
    expected_BG = whole_BG.float().mul(largest_B1).mul((scale_G1 / 127).flatten())
    for rows in (1, 2, 3, 5, 8, 33):
        assert torch.equal(product(x_BI[:rows]), expected_BG[:rows])
    exact_BG = x_BI.double() @ matrix_GI.double().T
    assert float((expected_BG - exact_BG).norm() / exact_BG.norm()) < 0.02


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_matrices_side_by_side_take_as_many_inputs(precision):
    matrix_GI, x_BI = matrix_and_rows((24, 40), torch.float32)
    product = product_of(Products(precision), matrix_GI[:, :30], matrix_GI[:, 30:])
    exact_BG = x_BI @ matrix_GI.T
    found_BG = product(x_BI[:, :30], x_BI[:, 30:])
    assert found_BG.dtype == torch.float32
    assert 0 < float((found_BG - exact_BG).norm() / exact_BG.norm()) < 0.02


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_a_matrix_of_fewer_numbers_than_asked_for_keeps_its_number_type(precision):
    matrix_GI, x_BI = matrix_and_rows((24, 40), torch.float32)
    exact_BG = product_of(Products(), matrix_GI)(x_BI)
    assert torch.equal(product_of(Products(precision), matrix_GI, least=24 * 40 + 1)(x_BI), exact_BG)
    assert not torch.equal(product_of(Products(precision), matrix_GI, least=24 * 40)(x_BI), exact_BG)


def test_int8_keeps_zeros_and_hides_nothing_that_is_not_a_number():
    product = product_of(Products("int8"), torch.zeros(3, 4))
    assert torch.equal(product(torch.zeros(2, 4)), torch.zeros(2, 3))
    product = product_of(Products("int8"), torch.eye(4))
    with np.errstate(invalid="ignore"):  # as a decoder does
        assert product(torch.tensor([[1.0, float("nan"), 0.0, 0.0]])).isnan().all()
        assert product(torch.tensor([[1.0, float("inf"), 0.0, 0.0]])).isnan().any()
    assert product_of(Products("int8"), torch.tensor([[float("nan"), 1.0]]))(torch.ones(1, 2)).isnan().all()


def test_the_path_says_what_runs(monkeypatch):
    monkeypatch.setattr(products_module, "vnni", lambda: True)
    assert Products("int8").path == "int8 products"
    monkeypatch.setattr(products_module, "vnni", lambda: False)
    assert "no int8" in Products("int8").path
    ways = Products("bf16")
    assert ways.path == "bf16 products, packed by oneDNN"
    ways.packed = False
    assert ways.path == "bf16 products"


@pytest.mark.parametrize("inputs", [1_024, 1_536, 2_100])
def test_long_rows_in_bf16_are_the_same_alone_and_among_others_on_this_machine(inputs):
    matrix_GI, x_BI = matrix_and_rows((24, inputs), torch.float32)
    ways = Products("bf16")
    if not ways.of(matrix_GI)._pack():
        pytest.skip("no packed product here")
    product = product_of(ways, matrix_GI)
    single_BG = torch.cat([product(row_1I) for row_1I in x_BI.split(1)])
    for rows in (2, 12, 33):
        assert torch.equal(product(x_BI[:rows]), single_BG[:rows])
