"""Only regular files are opened, whatever takes their place."""

import os
import socket
from pathlib import Path

import pytest

from lstmgen import opening
from lstmgen.opening import open_regular

pytestmark = [pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs there"), pytest.mark.usefixtures("watchdog")]


def test_a_regular_file_is_read_whole_also_through_a_link(tmp_path):
    (tmp_path / "file").write_bytes(bytes(range(256)) * 1000)
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link"):
        with open_regular(tmp_path / name) as stream:
            assert stream.read() == bytes(range(256)) * 1000


def test_everything_else_is_refused_in_words_before_it_is_opened(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # a socket's path must be short
        server.bind("socket")
        monkeypatch.setattr(opening.os, "open", None)
        for path, kind in (("pipe", "FIFO"), ("link", "FIFO"), ("socket", "socket"), ("/dev/zero", "character device"), (".", "folder")):
            with pytest.raises(OSError, match=f"{kind}.*, expected a file"):
                open_regular(tmp_path / path)


def test_a_fifo_that_takes_the_place_of_a_file_at_the_last_moment_does_not_block(tmp_path, monkeypatch):
    path = tmp_path / "changing"
    path.write_bytes(b"x")
    before = len(list(Path("/dev/fd").iterdir()))
    real = os.open

    def swap_then_open(*arguments, **keywords):
        path.unlink()
        os.mkfifo(path)
        return real(*arguments, **keywords)

    monkeypatch.setattr(opening.os, "open", swap_then_open)
    with pytest.raises(OSError, match="FIFO"):
        open_regular(path)
    assert len(list(Path("/dev/fd").iterdir())) == before
