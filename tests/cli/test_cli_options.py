import io

import pytest

from lstmgen.cli.options import as_typed, draw_seed, read_input, unescape
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


def read(name, stdin=None, **options):
    return read_input(name, stdin or streams(), what="the prompt", most=100, **options)


def test_a_prompt_from_a_file_or_a_pipe_is_not_altered(tmp_path):
    content = b"\xef\xbb\xbfline\r\nend \t\n\n\xff"
    (tmp_path / "prompt").write_bytes(content)
    assert read(str(tmp_path / "prompt")) == content
    assert read("-", streams(content)) == content


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match="absent"):
        read(str(tmp_path / "absent"))


def test_what_is_too_long_is_refused_and_what_just_fits_is_not(tmp_path):
    (tmp_path / "long").write_bytes(b"x" * 101)
    for name, stdin in ((str(tmp_path / "long"), None), ("-", streams(b"x" * 101))):
        with pytest.raises(InputError, match="longer than 100 bytes"):
            read(name, stdin)
    assert len(read("-", streams(b"x" * 100))) == 100


def test_reading_from_a_terminal_says_how_to_end_where_it_can_be_typed():
    waiting = streams(b"typed", in_is_terminal=True)
    assert read("-", waiting, typed=True) == b"typed"
    assert b"Ctrl-D" in waiting.stderr.getvalue()
    with pytest.raises(InputError, match="cannot be typed"):
        read("-", streams(b"MThd", in_is_terminal=True))


def test_seeds_are_drawn_anew_each_time():
    assert len({draw_seed() for _ in range(8)}) > 1


def test_an_argument_keeps_its_utf8_bytes():
    assert as_typed("Zoë 文") == "Zoë 文"
    assert as_typed("\udcff") == "\udcff"
