"""JSON from hostile files."""

import pytest

from lstmgen import limits, strict_json
from lstmgen.strict_json import StrictJsonError


def test_what_dumps_writes_loads_reads_back():
    value = {"b": [1, -2.5, None, True], "a": {'"\\': "é\ud800\n", "deep": [[[{}]]]}}
    assert strict_json.loads(strict_json.dumps(value).encode()) == value


def test_the_text_of_a_value_does_not_depend_on_the_order_of_its_keys():
    assert strict_json.dumps({"a": 1, "b": 2}) == strict_json.dumps({"b": 2, "a": 1}) == '{"a":1,"b":2}'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[1] x", "not JSON"),
        (b'"\xff"', "not UTF-8 at byte 1"),
        (b'{"a": 1, "b": 2, "a": 3}', "key 'a' twice"),
        (b'{"x": {"\\u001b": 1, "\\u001b": 2}}', r"'\\x1b' twice"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"[1e999]", "1e999"),
        (b"9" * 5000, "64 bits"),
        (b"18446744073709551616", "64 bits"),
        (b"-9223372036854775809", "64 bits"),
        (b"[" * 100_000 + b"]" * 100_000, f"{limits.MAX_JSON_DEPTH} deep"),
        (b'{"a":' * 50_000, f"{limits.MAX_JSON_DEPTH} deep"),
        (b'["' + b'\\"' * 50_000, "not JSON"),
    ],
)
def test_what_is_wrong_is_refused_and_named(text, reason):
    with pytest.raises(StrictJsonError, match=reason):
        strict_json.loads(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [(b"[" + b"[]," * 11 + b"1]", "10 objects"), (b"[" + b"1," * 31 + b"1]", "30 values"), (b'"' * 100, "30 texts")],
)
def test_what_would_be_large_in_memory_is_refused_before_it_is_parsed(text, reason):
    with pytest.raises(StrictJsonError, match=reason):
        strict_json.loads(text, max_containers=10, max_values=30)


def test_whole_numbers_of_64_bits_come_back():
    assert strict_json.loads(b"[18446744073709551615, -9223372036854775808]") == [2**64 - 1, -(2**63)]


def test_brackets_and_commas_inside_texts_do_not_count():
    text = b'["' + b'[{,\\"' * 1000 + b'"]'
    assert strict_json.loads(text, max_containers=1, max_values=1) == ['[{,"' * 1000]


def test_a_number_that_is_not_finite_is_not_written():
    with pytest.raises(ValueError, match="JSON compliant"):
        strict_json.dumps({"loss": float("nan")})
