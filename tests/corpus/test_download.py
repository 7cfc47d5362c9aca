"""A file from the network appears only when it is the right one."""

import errno
import os
from pathlib import Path

import pytest

from lstmgen import __version__, limits, storage
from lstmgen.corpus import download
from lstmgen.errors import InputError, LstmgenError, MachineError


def fetch(web, path: str, target: Path, **options) -> None:
    download.fetch(web.url(path), target, **{"sha256": web.sha256, "size_bytes": web.size_bytes, "timeout_s": 5.0, **options})


@pytest.mark.parametrize("path", ["/good", "/unannounced", "/moved", "/odd-length"])
def test_the_right_file_arrives_and_progress_rises_to_its_size(web, tmp_path, path):
    calls: list[tuple[int, int]] = []
    fetch(web, path, tmp_path / "a", progress=lambda done, total: calls.append((done, total)))
    assert (tmp_path / "a").read_bytes() == web.content
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})
    assert calls[-1] == (web.size_bytes, web.size_bytes)
    assert web.asked[0] == (path, f"lstmgen/{__version__}")


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/wrong", InputError, "has sha256"),
        ("/cut", MachineError, "broke off after 99,993 of 100,000 bytes"),
        ("/short", MachineError, "broke off after 99,993 of 100,000 bytes"),
        ("/long", InputError, "sends 100,001 bytes, more than the 100,000"),
        ("/endless", InputError, "sends more than the 100,000 bytes"),
        ("/missing", MachineError, "answered 404"),
        ("/in-circles", MachineError, "answered 302"),
        ("/to-a-file", MachineError, "is not allowed"),
        ("/not-http", MachineError, "cannot be fetched"),
    ],
)
def test_what_is_not_the_file_is_refused_and_the_old_file_stays(web, tmp_path, path, kind, words):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(LstmgenError, match=words) as caught:
        fetch(web, path, tmp_path / "a")
    assert type(caught.value) is kind
    assert caught.value.remedy
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_wrong_hash_is_shown_beside_the_expected_one(web, tmp_path):
    with pytest.raises(InputError) as caught:
        fetch(web, "/good", tmp_path / "a", sha256="f" * 64)
    assert web.sha256 in caught.value.message
    assert "f" * 64 in caught.value.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/silent", "/mute"])
def test_a_server_that_falls_silent_is_given_up(web, tmp_path, path):
    with pytest.raises(MachineError, match=r"was silent for 0\.2 s"):
        fetch(web, path, tmp_path / "a", timeout_s=0.2)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_sends_a_byte_now_and_then_is_given_up(web, tmp_path):
    with pytest.raises(MachineError, match="sent only"):
        fetch(web, "/trickle", tmp_path / "a", timeout_s=0.3)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_named(web, tmp_path):
    url = web.url("/good")
    web.shutdown()
    web.server_close()
    with pytest.raises(MachineError, match=r"127\.0\.0\.1.*cannot be fetched"):
        download.fetch(url, tmp_path / "a", sha256="", size_bytes=1, timeout_s=1.0)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://a/b", "data:,x", "a.txt", "", "http://", "http://[", "https:///a"])
def test_only_web_addresses_are_taken(tmp_path, url):
    with pytest.raises(InputError, match="is not a web address"):
        download.fetch(url, tmp_path / "a", sha256="", size_bytes=1)


def test_a_redirect_may_not_leave_encryption_behind():
    download._require_address("https://b/", came_from="https://a/")
    download._require_address("https://b/", came_from="http://a/")
    download._require_address("http://b/", came_from="http://a/")
    with pytest.raises(InputError, match="not encrypted any more"):
        download._require_address("http://b/", came_from="https://a/")


def test_a_file_beyond_the_limit_is_not_even_asked_for(web, tmp_path):
    with pytest.raises(InputError, match="more than the limit"):
        fetch(web, "/good", tmp_path / "a", size_bytes=limits.MAX_DOWNLOAD_BYTES + 1)
    assert web.asked == []


def test_a_full_disk_is_not_taken_for_a_failure_of_the_network(web, tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(storage.disk.os, "fsync", full)
    with pytest.raises(MachineError, match="the disk is full"):
        fetch(web, "/good", tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
