"""What is not text is recognised, named, and comes with the command that turns it into text."""

import bz2
import gzip
import io
import lzma
import zipfile

import pytest

from lstmgen.corpus.locate import shown
from lstmgen.media.text.recognise import RefusedError, require_text

LATIN = "It was a bright cold day in April.\r\n" * 3
CYRILLIC = "\u041c\u043e\u0440\u043e\u0437 \u0438 \u0441\u043e\u043b\u043d\u0446\u0435"


def a_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), "text")  # of no time: these bytes are part of a test's name
    return stream.getvalue()


@pytest.mark.parametrize(
    ("head", "found", "tool"),
    [
        (b"\xff\xfe" + LATIN.encode("utf-16-le"), "UTF-16 text", "--encoding utf-16"),
        (b"\xfe\xff" + CYRILLIC.encode("utf-16-be"), "UTF-16 text", "--encoding utf-16"),
        (LATIN.encode("utf-32"), "UTF-32 text", "--encoding utf-32"),
        (b"\x00\x00\xfe\xff" + LATIN.encode("utf-32-be"), "UTF-32 text", "--encoding utf-32"),
        (LATIN.encode("utf-16-le"), "UTF-16LE text", "--encoding utf-16le"),
        (LATIN.encode("utf-16-be"), "UTF-16BE text", "--encoding utf-16be"),
        (LATIN.encode("utf-32-le"), "UTF-32LE text", "--encoding utf-32le"),
        (LATIN.encode("utf-32-be"), "UTF-32BE text", "--encoding utf-32be"),
        (gzip.compress(b"text", mtime=0), "gzip data", "gunzip -c"),
        (bz2.compress(b"text"), "bzip2 data", "bunzip2 -c"),
        (lzma.compress(b"text"), "xz data", "xz -dc"),
        (a_zip(), "a zip archive", "unzip"),
        (b"%PDF-1.7\n%abc", "a PDF document", "pdftotext"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a PNG image", "tesseract"),
        (b"MThd\x00\x00\x00\x06\x00\x01", "a MIDI file", "lstmgen train"),
        (b"\x7fELF\x02\x01\x01\x00", "a program", "text files only"),
        (b"SQLite format 3\x00\x10", "an SQLite database", "sqlite3"),
        (b"text\x00and more", "binary data (a NUL byte at offset 4)", "text files only"),
        (bytes(64), "binary data (a NUL byte at offset 0)", "text files only"),
        (b"\x00", "binary data (a NUL byte at offset 0)", "text files only"),
        (b"", "empty", "holds some text"),
    ],
)
def test_what_is_not_text_is_named_with_the_way_out(head, found, tool):
    with pytest.raises(RefusedError) as caught:
        require_text(head, "a file")
    assert caught.value.reason.startswith(found)
    assert "expected" in caught.value.reason
    assert tool in caught.value.remedy
    assert "{}" not in caught.value.remedy


def test_the_command_quotes_the_name_for_a_shell():
    with pytest.raises(RefusedError) as caught:
        require_text(gzip.compress(b"x", mtime=0), "my $file.gz")
    assert caught.value.remedy == "gunzip -c 'my $file.gz' | lstmgen train -"


@pytest.mark.parametrize(
    "head", [b"a", b"PK is a brand\n", b"BZh, said the cat", CYRILLIC.encode(), b"\xef\xbb\xbfwith a mark", b"\x1b[0m", b"\xe9"]
)
def test_what_may_be_text_passes(head):
    assert require_text(head, "a") is None


def test_a_shown_name_has_nothing_that_acts_on_a_terminal():
    assert shown("plain \u00e9\u20ac.txt") == "plain \u00e9\u20ac.txt"
    assert shown("a\x1b[31m\n\u202e\udcff") == "a\\x1b[31m\\n\\u202e\\udcff"
    assert shown("a\x1b[31m\n\u202e\udcff").isprintable()
