import hashlib
import http.server
import json
import re
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from lstmgen.corpus import catalog, music21_corpus
from lstmgen.errors import CorpusError

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
    assert {entry["kind"] for entry in entries} == {"bundled", "machine", "package", "download"}
    assert all(entry["available"] == (entry["kind"] in {"bundled", "machine"}) for entry in entries)
    contents = {entry["name"]: entry["content"] for entry in entries}
    assert (contents["lanterns"], contents["bach-chorales"], contents["underlamp"]) == ("music", "music", "text")
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
        if entry.kind in {"bundled", "machine"}:
            assert Path(cli("corpora", "path", entry.name).text.rstrip("\n")).exists()


def test_the_list_says_what_is_text_and_what_is_music(cli):
    text = cli("corpora").text
    assert re.search(r"(?m)^lanterns +[0-9.]+ kB of music, bundled, MIT$", text)
    assert re.search(r"(?m)^underlamp +[0-9.]+ kB of text, bundled, MIT$", text)
    assert re.search(r"(?m)^folk-tunes +music, not here yet: ", text)


def test_a_corpus_of_a_package_that_is_not_installed_is_a_missing_extra(cli, monkeypatch):
    monkeypatch.setitem(sys.modules, "music21", None)
    assert "bach-chorales    music, not here yet: pip install 'lstmgen[corpora]'" in cli("corpora").text
    done = cli("corpora", "get", "bach-chorales")
    assert (done.code, done.out) == (2, b"")
    assert done.err.endswith("try: pip install 'lstmgen[corpora]'\n")
    done = cli("corpora", "path", "bach-chorales")
    assert (done.code, done.out) == (3, b"")
    assert done.err.endswith("try: lstmgen corpora get bach-chorales\n")


@pytest.fixture
def conversion(monkeypatch):
    """Converting made easy: three files, one piece left out."""

    def convert(_collection, _package, folder, progress):
        for number in range(4):
            progress(number, 4)
            if number:
                (folder / f"{number}.mid").write_bytes(b"MThd")
        values = {
            "version": music21_corpus.FORMAT_VERSION,
            "music21": "10.0",
            "files": 3,
            "total_bytes": 12,
            "skipped": [["zero", "no notes"]],
        }
        (folder / "collection.json").write_text(json.dumps(values))
        progress(4, 4)

    monkeypatch.setattr(music21_corpus, "_package", object)
    monkeypatch.setattr(music21_corpus, "is_installed", lambda: True)
    monkeypatch.setattr(music21_corpus, "_convert", convert)


@pytest.mark.usefixtures("conversion")
def test_converting_a_corpus_shows_how_far_it_is_and_what_was_left_out(cli):
    assert "not here yet: lstmgen corpora get folk-tunes" in cli("corpora").text
    first = cli("corpora", "get", "folk-tunes", "-v")
    assert first.code == 0
    assert sorted(path.name for path in Path(first.text.rstrip("\n")).glob("*.mid")) == ["1.mid", "2.mid", "3.mid"]
    assert "folk-tunes: 50% of 4 pieces" in first.err
    assert "folk-tunes: 3 pieces by music21 10.0, 1 left out" in first.err
    assert "left out: zero: no notes" in first.err
    second = cli("corpora", "get", "folk-tunes", "--json")
    found = json.loads(second.out)
    assert (found["bytes"], found["available"], found["content"], found["path"]) == (12, True, "music", first.text.rstrip("\n"))
    assert "here already" in second.err
    assert cli("corpora", "path", "folk-tunes").out == first.out
    assert "folk-tunes       12 bytes of music, converted" in cli("corpora").text


@pytest.mark.usefixtures("conversion")
def test_a_conversion_that_fails_is_told_in_words(cli, monkeypatch):
    def fail(*_):
        raise CorpusError("none of it", remedy="again")

    monkeypatch.setattr(music21_corpus, "_convert", fail)
    done = cli("corpora", "get", "folk-tunes")
    assert (done.code, done.out) == (3, b"")
    assert done.err.endswith("error: none of it\ntry: again\n")
