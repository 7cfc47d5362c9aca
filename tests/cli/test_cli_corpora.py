import hashlib
import http.server
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from lstmgen.corpus import catalog

CONTENT = b"To be, or not to be.\n" * 50
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_):
        pass


@pytest.fixture
def download(monkeypatch):
    """A corpus to download from a server on this machine; called with the hash that the catalogue expects."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def offer(sha256=SHA256):
        entry = replace(
            catalog.DOWNLOADS[0],
            name="hamlet",
            location=f"http://127.0.0.1:{server.server_port}/hamlet.txt",
            size_bytes=len(CONTENT),
            sha256=sha256,
        )
        monkeypatch.setattr(catalog, "DOWNLOADS", (entry,))

    yield offer
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_list_names_every_corpus_and_what_to_type_for_one_that_is_not_here(cli):
    done = cli("corpora")
    assert done.code == 0
    for name in catalog.names():
        assert name in done.text
    assert "lstmgen corpora get tinyshakespeare" in done.text
    assert cli("corpora", "list").out == done.out


def test_the_list_as_json_is_one_object_a_line(cli):
    entries = [json.loads(line) for line in cli("corpora", "list", "--json").text.splitlines()]
    assert [entry["name"] for entry in entries] == list(catalog.names())
    assert {entry["kind"] for entry in entries} == {"bundled", "machine", "download"}
    assert all(entry["available"] for entry in entries if entry["kind"] != "download")
    assert cli("corpora", "--json").text.splitlines()[0] == cli("corpora", "list", "--json").text.splitlines()[0]


def test_getting_a_corpus_prints_where_it_is_and_a_second_time_fetches_nothing(cli, download):
    download()
    first = cli("corpora", "get", "hamlet")
    assert first.code == 0
    assert Path(first.text.rstrip("\n")).read_bytes() == CONTENT
    assert "hamlet: 100% of 1.1 kB" in first.err
    second = cli("corpora", "get", "hamlet", "--json")
    assert json.loads(second.out)["path"] == first.text.rstrip("\n")
    assert "here already" in second.err
    assert cli("corpora", "path", "hamlet").out == first.out


def test_a_download_on_a_terminal_shows_a_bar_and_gives_the_cursor_back(cli, download):
    download()
    done = cli("corpora", "get", "hamlet", terminal=("stderr",))
    assert done.code == 0
    assert done.err.rindex("\x1b[?25h") > done.err.rindex("\x1b[?25l")


def test_a_download_with_another_hash_is_refused_and_leaves_nothing(cli, download, tmp_path):
    download("0" * 64)
    done = cli("corpora", "get", "hamlet")
    assert (done.code, done.out) == (3, b"")
    assert "sha256" in done.err
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]


def test_the_path_of_a_corpus_that_is_not_here_is_refused_with_what_to_type(cli):
    done = cli("corpora", "path", "tinyshakespeare")
    assert (done.code, done.out) == (3, b"")
    assert done.err.endswith("try: lstmgen corpora get tinyshakespeare\n")


@pytest.mark.parametrize("command", ["get", "path"])
def test_an_unknown_corpus_is_refused_with_the_nearest_name(cli, command):
    done = cli("corpora", command, "tinyshakespear")
    assert done.code == 3
    assert "tinyshakespeare" in done.err


def test_the_path_of_what_is_here_exists(cli):
    for entry in catalog.entries():
        if entry.kind != "download":
            assert Path(cli("corpora", "path", entry.name).text.rstrip("\n")).exists()
