"""Prompts in a file: one a line, or JSON lines."""

import pytest

from lstmgen.errors import InputError, UsageError
from lstmgen.generation.prompts import parse_prompts
from lstmgen.generation.request import Request


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("Once\nThe sea", "p.txt", ("Once", "The sea")),
        ("Once\r\n\r\n The \u2028sea\r\n", "p.txt", ("Once", " The \u2028sea")),
        ('"quoted"\n{not json', "p.txt", ('"quoted"', "{not json")),
        ('{"prompt": "a\\nb", "id": 7}\n{"prompt": ""}\n', "-", ("a\nb", "")),
        ('"a"\n{"prompt": "b"}\n', "p.jsonl", ("a", "b")),
        ("C4 E4\nG4:2\n", "notes", ("C4 E4", "G4:2")),
    ],
)
def test_every_line_is_a_prompt_or_holds_one(text, name, expected):
    assert parse_prompts(text, name=name) == expected


def test_lines_are_read_as_they_are_meant_and_json_says_it_itself():
    assert parse_prompts("a\nb", name="p", meant=str.upper) == ("A", "B")
    assert parse_prompts('{"prompt": "a"}', name="p", meant=str.upper) == ("a",)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("", "p", "no prompt"),
        ("\n\n", "p", "no prompt"),
        ('{"prompt": "a"}\n{"text": "b"}\n', "p", "line 2 of p"),
        ('{"prompt": 7}', "p", "line 1 of p"),
        ("[" * 9000 + "\n", "p.jsonl", "line 1 of"),
    ],
)
def test_a_file_without_prompts_is_refused(text, name, said):
    with pytest.raises(InputError, match=said):
        parse_prompts(text, name=name)


def test_a_request_with_prompts_goes_through_json():
    request = Request(prompts=("a", b"MThd", None), num_samples=2)
    assert Request.from_json(request.to_json()) == request
    assert request.every_prompt == ("a", b"MThd", None)
    assert Request(prompt="a").every_prompt == ("a",)


@pytest.mark.parametrize("fields", [{"prompts": ()}, {"prompts": "abc"}, {"prompts": 7}, {"prompt": "a", "prompts": ("b",)}])
def test_prompts_that_cannot_be_meant_are_refused(fields):
    with pytest.raises(UsageError, match="prompts"):
        Request(**fields)
