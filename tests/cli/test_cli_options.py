import io

import pytest

from lstmgen.cli.options import as_typed, draw_seed, read_text, unescape
from lstmgen.cli.output import Streams
from lstmgen.errors import InputError


def streams(data=b"", **changes):
    return Streams(stdin=io.BytesIO(data), stdout=io.BytesIO(), stderr=io.BytesIO(), **changes)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (r"a\nb", "a\nb"),
        (r"\t\r\\n", "\t\r\\n"),
        (r"\x41\u00e9\U0001f600", "Aé😀"),
        (r"\q \x4 \u12", r"\q \x4 \u12"),
        ("plain", "plain"),
        (r"\Uffffffff", r"\Uffffffff"),
    ],
)
def test_escapes_are_read_and_all_else_stays(typed, meant):
    assert unescape(typed) == meant


def test_a_prompt_from_a_file_or_a_pipe_is_not_altered(tmp_path):
    text = "line\r\nend \t\n\n"
    (tmp_path / "prompt").write_bytes(text.encode())
    assert read_text(str(tmp_path / "prompt"), streams(), what="the prompt") == text
    assert read_text("-", streams(text.encode()), what="the prompt") == text


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path):
    (tmp_path / "prompt").write_bytes(b"\xef\xbb\xbfabc")
    assert read_text(str(tmp_path / "prompt"), streams(), what="the prompt") == "abc"


def test_the_first_bad_byte_is_reported_with_its_place():
    with pytest.raises(InputError, match=r"0xFF at offset 6, line 2"):
        read_text("-", streams(b"one\ntw\xffo"), what="the prompt")


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match="absent"):
        read_text(str(tmp_path / "absent"), streams(), what="the prompt")


def test_reading_from_a_terminal_says_how_to_end():
    waiting = streams(b"typed", in_is_terminal=True)
    assert read_text("-", waiting, what="the prompt") == "typed"
    assert b"Ctrl-D" in waiting.stderr.getvalue()


def test_seeds_are_drawn_anew_each_time():
    assert len({draw_seed() for _ in range(8)}) > 1


def test_an_argument_keeps_its_utf8_bytes():
    assert as_typed("Zoë 文") == "Zoë 文"
    assert as_typed("\udcff") == "\udcff"
