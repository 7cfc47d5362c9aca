"""Corpora by name."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from lstmgen.corpus import catalog, download, machine
from lstmgen.corpus.locate import locate
from lstmgen.errors import CorpusError, InputError
from lstmgen.media.text import documents


def gather(specs, *, kept=None, cache=None, **options):
    """The documents that the specs name."""
    return documents.gather(list(locate(specs, kept={"-": kept} if kept else None, cache=cache)), **options)


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with two bundled corpora and things beside them that are none."""
    root = tmp_path / "package" / "bundled"
    for name, text in {
        "zoo/2.txt": "two",
        "zoo/1.txt": "one",
        "zoo/SOURCE.md": "# Zoo\n\nAnimals,\nin rows.\n\nMore.\n\n- **Licence:** CC0 1.0.\n",
        "ark/a.txt": "pair",
        "ark/SOURCE.md": "Two of each.\n\n## Licence\n\nMIT\n",
        "bare/b.txt": "b",
        "pictures/p.png": "x",
        "README.md": "x",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(catalog.importlib.resources, "files", lambda _package: tmp_path / "package")
    return root


@pytest.fixture
def play(web, monkeypatch: pytest.MonkeyPatch) -> catalog.Entry:
    """A downloadable corpus on the loopback server."""
    entry = catalog.Entry(
        name="play",
        kind="download",
        description="A play",
        licence="public domain",
        location=web.url("/good"),
        size_bytes=web.size_bytes,
        sha256=web.sha256,
    )
    monkeypatch.setattr(catalog, "DOWNLOADS", (entry,))
    return entry


def test_every_corpus_is_described_and_found_under_its_name():
    entries = catalog.entries()
    assert [entry.name for entry in entries] == list(catalog.names())
    assert len(set(catalog.names())) == len(entries)
    for entry in entries:
        assert catalog.find(entry.name) == entry
        assert entry.description
        assert entry.licence
        assert entry.location
        assert (entry.sha256 is not None) == (entry.kind == "download")


def test_downloads_are_encrypted_bounded_and_carry_a_whole_hash():
    for entry in catalog.DOWNLOADS:
        assert entry.location.startswith("https://")
        assert len(bytes.fromhex(entry.sha256 or "")) == 32
        assert entry.size_bytes is not None
    shakespeare = catalog.find("tinyshakespeare")
    assert shakespeare.size_bytes == 1_115_394
    assert (shakespeare.sha256 or "").startswith("86c4e6aa9db7c042")


def test_the_program_brings_a_text_of_its_own_that_can_be_read_at_once(tmp_path):
    own = [entry for entry in catalog.entries() if entry.kind == "bundled" and entry.content == "text"]
    assert own
    for entry in own:
        corpus = gather([entry.name], cache=tmp_path)
        assert corpus.bytes == entry.size_bytes
        assert catalog.get(entry.name, tmp_path) == Path(entry.location)
    assert list(tmp_path.iterdir()) == []


def test_bundled_corpora_are_the_folders_that_hold_text_or_else_midi(bundled):
    (bundled / "tunes").mkdir()
    for name in ("tunes/b.mid", "tunes/a.mid", "zoo/3.mid"):
        (bundled / name).write_bytes(b"MThd")
    own = [entry for entry in catalog.entries() if entry.kind == "bundled"]
    assert [(entry.name, entry.content, entry.description, entry.licence, entry.size_bytes) for entry in own] == [
        ("ark", "text", "Two of each.", "MIT", 4),
        ("bare", "text", "no description", "see SOURCE.md", 1),
        ("tunes", "music", "no description", "see SOURCE.md", 8),
        ("zoo", "text", "Animals, in rows.", "CC0 1.0", 6),
    ]
    assert catalog.documents_of("zoo", None) == (("zoo/1.txt", bundled / "zoo" / "1.txt"), ("zoo/2.txt", bundled / "zoo" / "2.txt"))
    assert catalog.path_of("zoo", None) == (bundled / "zoo" / "1.txt", bundled / "zoo" / "2.txt")
    assert catalog.path_of("tunes", None) == (bundled / "tunes" / "a.mid", bundled / "tunes" / "b.mid")
    assert catalog.is_available("zoo", None)


def test_without_bundled_corpora_the_others_remain(tmp_path, monkeypatch):
    monkeypatch.setattr(catalog.importlib.resources, "files", lambda _package: tmp_path)
    monkeypatch.setattr(catalog, "__file__", str(tmp_path / "a" / "b" / "c.py"))
    assert catalog.names()[:2] == ("python-source", "python-docs")


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(CorpusError) as caught:
        catalog.find("tinyshakespear")
    assert caught.value.remedy == "did you mean tinyshakespeare?"
    with pytest.raises(CorpusError) as caught:
        catalog.find("zzzz")
    assert "lstmgen corpora" in caught.value.remedy
    for call in (catalog.path_of, catalog.get, catalog.is_available):
        with pytest.raises(CorpusError, match="no corpus is called"):
            call("zzzz", Path("cache"))


def test_pythons_own_sources_and_docs_are_read_without_the_network(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "fetch", None)
    assert catalog.is_available("python-source", None)
    assert catalog.is_available("python-docs", None)
    docs = gather(["python-docs"], cache=tmp_path)
    assert docs.bytes > 200_000
    assert [document.name for document in docs.files] == ["python-docs"]
    assert catalog.get("python-docs", tmp_path) == docs.files[0].path
    assert catalog.get("python-source", tmp_path) == machine.standard_library()
    names = [name for name, _ in catalog.documents_of("python-source", None)]
    assert "python-source/json/decoder.py" in names
    assert names == sorted(names, key=lambda name: name.split("/"))


def test_docs_need_a_cache_and_sources_need_to_be_there(tmp_path, monkeypatch):
    with pytest.raises(CorpusError) as caught:
        catalog.documents_of("python-docs", None)
    assert "LSTMGEN_HOME" in caught.value.remedy
    monkeypatch.setattr(machine, "standard_library", lambda: tmp_path)
    with pytest.raises(CorpusError, match="without its sources"):
        catalog.documents_of("python-source", None)


def test_a_download_happens_once_and_only_when_it_is_asked_for(web, play, tmp_path):
    calls: list[int] = []
    assert not catalog.is_available("play", tmp_path)
    with pytest.raises(CorpusError) as caught:
        gather(["play"], cache=tmp_path)
    assert caught.value.remedy == "lstmgen corpora get play"
    assert web.asked == []
    path = catalog.get("play", tmp_path, progress=lambda done, _total: calls.append(done))
    assert path.parent == tmp_path / "corpora" / "play"
    assert path.read_bytes() == web.content
    assert calls[-1] == web.size_bytes
    assert catalog.get("play", tmp_path) == path
    assert len(web.asked) == 1
    assert catalog.is_available("play", tmp_path)
    corpus = gather(["play"], cache=tmp_path)
    assert [(document.name, document.sha256) for document in corpus.files] == [("play", play.sha256)]


def test_a_download_of_music_is_kept_as_midi(web, play, tmp_path, monkeypatch):
    monkeypatch.setattr(catalog, "DOWNLOADS", (dataclasses.replace(play, content="music"),))
    path = catalog.get("play", tmp_path)
    assert path == tmp_path / "corpora" / "play" / "play.mid"
    assert path.read_bytes() == web.content
    assert catalog.documents_of("play", tmp_path) == (("play", path),)
    assert catalog.get("play", tmp_path) == path
    assert len(web.asked) == 1


@pytest.mark.parametrize("damage", [b"short", None])
def test_a_damaged_download_is_fetched_again(web, play, tmp_path, damage):
    path = catalog.get("play", tmp_path)
    path.write_bytes(damage or web.content[:-1] + b"?")
    assert catalog.is_available("play", tmp_path) == (damage is None)
    assert catalog.get(play.name, tmp_path).read_bytes() == web.content
    assert len(web.asked) == 2


def test_what_is_not_the_corpus_never_gets_into_the_cache(web, play, tmp_path, monkeypatch):
    monkeypatch.setattr(catalog, "DOWNLOADS", (dataclasses.replace(play, location=web.url("/wrong")),))
    with pytest.raises(InputError, match="sha256"):
        catalog.get("play", tmp_path)
    assert list((tmp_path / "corpora" / "play").iterdir()) == []
    assert not catalog.is_available("play", tmp_path)


def test_listing_corpora_needs_neither_numpy_nor_torch():
    code = (
        "import sys; from lstmgen.corpus import catalog; catalog.entries()\n"
        "assert not {'numpy', 'torch'} & set(sys.modules), sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
