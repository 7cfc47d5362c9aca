"""Corpora made from music21, by a small stand-in for it; and one test with the real one, where it is installed."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from lstmgen import limits, storage
from lstmgen.corpus import catalog, music21_corpus
from lstmgen.corpus.locate import locate
from lstmgen.errors import CorpusError, InUseError, MachineError, MissingExtraError
from lstmgen.media.text import documents
from lstmgen.music.bars import Bars
from lstmgen.music.midi.reader import read_midi
from lstmgen.storage import disk


def gather(specs, *, kept=None, cache=None, **options):
    """The documents that the specs name."""
    return documents.gather(list(locate(specs, kept={"-": kept} if kept else None, cache=cache)), **options)


VOICES = ("Soprano", "Alto", "Tenor", "Bass")


class Part:
    def __init__(self, name, pitch):
        self.partName = name
        self.note = SimpleNamespace(classes=("Note",), offset=0.0, quarterLength=2.0, pitch=SimpleNamespace(midi=pitch), tie=None)

    def flatten(self):
        return [self.note] if self.note.pitch.midi else []

    def getElementsByClass(self, _name):
        return []


class Parsed:
    def __init__(self, parts, title=None):
        self.parts = parts
        self.metadata = SimpleNamespace(title=title)

    def recurse(self):
        return SimpleNamespace(getElementsByClass=lambda _name: [])


@pytest.fixture
def music21(tmp_path, monkeypatch):
    """A package that looks like music21: files of names and pitches, such as `Soprano:72 Alto:65`; ABC has one pitch in its last line."""
    root = tmp_path / "site" / "music21"
    (root / "corpus" / "bach").mkdir(parents=True)
    (root / "corpus" / "oneills1850").mkdir()
    (root / "corpus" / "essenFolksong").mkdir()
    package = ModuleType("music21")
    package.__file__ = str(root / "__init__.py")
    package.__version__ = "10.0"
    package.__spec__ = importlib.util.spec_from_loader("music21", None)
    asked = []

    def parse(what, *, format=None, forceSource, storePickle):  # noqa: A002 - music21's names
        assert forceSource
        assert not storePickle
        asked.append(what)
        text = what if format == "abc" else Path(what).read_text(encoding="utf-8")
        if "broken" in text:
            print("noise", file=sys.stderr)
            raise RuntimeError("cannot parse")
        if "interrupt" in text:
            raise KeyboardInterrupt
        if format == "abc":
            lines = text.split()
            return Parsed([Part(None, int(lines[-1]))], title=lines[1].removeprefix("T:"))
        return Parsed([Part(name, int(pitch)) for name, pitch in (word.split(":") for word in text.split())])

    package.converter = SimpleNamespace(parse=parse)
    for name, module in {"music21": package, "music21.converter": ModuleType("c"), "music21.corpus": ModuleType("c")}.items():
        monkeypatch.setitem(sys.modules, name, module)
    return SimpleNamespace(corpus=root / "corpus", package=package, asked=asked)


@pytest.fixture
def chorales(music21):
    """Two chorales, one with a horn above it, and what is none."""
    for name, text in {
        "bwv1.mxl": "Soprano:72 Alto:67 Tenor:60 Bass:48",
        "bwv2.mxl": "Horn:80 Soprano:71 Alto:67 Tenor:62 Bass:43",
        "bwv3.xml": "I:70 II:65 III:60 IV:50",
        "bwv4.mxl": "Soprano:72 Alto:67 Tenor:60 Bass:48",
        "bwv5.mxl": "broken",
        "bwv6.mxl": "Soprano:0 Alto:0 Tenor:0 Bass:0",
        "bwv7.mxl": "Piano:60 Piano:40",
        "bwv8.krn": "Soprano:1 Alto:1 Tenor:1 Bass:1",
    }.items():
        (music21.corpus / "bach" / name).write_text(text)
    return music21


@pytest.mark.usefixtures("chorales")
def test_chorales_have_four_tracks_and_what_is_left_out_has_a_reason(tmp_path, capsys):
    seen = []
    folder = music21_corpus.make("bach-chorales", tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert folder == tmp_path / "corpora" / "bach-chorales"
    assert [path.stem for path in music21_corpus.files_of("bach-chorales", tmp_path)] == ["bwv1", "bwv2", "bwv3"]
    score = read_midi((folder / "bwv2.mid").read_bytes()).score
    assert [track.name for track in score.tracks] == list(VOICES)
    assert score.notes.pitch[score.notes.track.argsort()].tolist() == [71, 67, 62, 43]
    assert set(score.notes.program.tolist()) == {52}
    stamp = music21_corpus.stamp_of("bach-chorales", tmp_path)
    assert stamp == music21_corpus.Stamp(
        music21="10.0",
        files=3,
        total_bytes=sum(path.stat().st_size for path in folder.glob("*.mid")),
        skipped=(
            ("bwv4", "the same notes as bwv1"),
            ("bwv5", "music21 cannot read it: RuntimeError"),
            ("bwv6", "no notes"),
            ("bwv7", "not in four voices"),
        ),
    )
    assert seen == [*((done, 7) for done in range(7)), (7, 7)]
    assert capsys.readouterr() == ("", "")


def test_tunes_of_a_file_become_files_with_their_titles_and_essen_is_not_touched(music21, tmp_path):
    (music21.corpus / "oneills1850" / "a.abc").write_text("% head\nX:1\nT:One\n60\n\nX:2\nT:Two\n62\nX:3\nT:Again\n60\n")
    (music21.corpus / "oneills1850" / "b.abc").write_text("X:9\nT:Nine\n69\n")
    (music21.corpus / "essenFolksong" / "c.abc").write_text("X:9\nT:Not\n50\n")
    folder = music21_corpus.make("folk-tunes", tmp_path)
    names = [path.name for path in music21_corpus.files_of("folk-tunes", tmp_path)]
    assert names == ["oneills1850-a-001.mid", "oneills1850-a-002.mid", "oneills1850-b.mid"]
    assert read_midi((folder / names[1]).read_bytes()).score.tracks[0].name == "Two"
    stamp = music21_corpus.stamp_of("folk-tunes", tmp_path)
    assert stamp is not None
    assert stamp.skipped == (("oneills1850-a-003", "the same notes as oneills1850-a-001"),)


def test_it_is_converted_once_and_needs_music21_no_more(chorales, tmp_path, monkeypatch):
    first = music21_corpus.make("bach-chorales", tmp_path)
    count = len(chorales.asked)
    monkeypatch.setitem(sys.modules, "music21", None)
    assert music21_corpus.make("bach-chorales", tmp_path) == first
    assert len(chorales.asked) == count
    assert catalog.is_available("bach-chorales", tmp_path)
    assert [name for name, _ in catalog.documents_of("bach-chorales", tmp_path)] == [
        f"bach-chorales/bwv{number}.mid" for number in (1, 2, 3)
    ]


def _cut(folder):
    (folder / "bwv1.mid").write_bytes(b"MThd")


def _lose(folder):
    (folder / "bwv1.mid").unlink()


def _older(folder):
    values = json.loads((folder / "collection.json").read_text())
    (folder / "collection.json").write_text(json.dumps(values | {"version": 0}))


def _tear(folder):
    (folder / "collection.json").write_text('{"version": 1, "files"')


def _strange(folder):
    (folder / "collection.json").write_text('[1, "two"]')


@pytest.mark.usefixtures("chorales")
@pytest.mark.parametrize("damage", [_cut, _lose, _older, _tear, _strange])
def test_what_is_damaged_or_of_another_version_is_converted_again(tmp_path, damage):
    folder = music21_corpus.make("bach-chorales", tmp_path)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    damage(folder)
    assert not catalog.is_available("bach-chorales", tmp_path)
    music21_corpus.make("bach-chorales", tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole


def test_an_interrupted_conversion_leaves_nothing_half(chorales, tmp_path):
    (chorales.corpus / "bach" / "bwv9.mxl").write_text("interrupt")
    with pytest.raises(KeyboardInterrupt):
        music21_corpus.make("bach-chorales", tmp_path)
    assert [path.name for path in (tmp_path / "corpora").iterdir()] == [".bach-chorales.lock"]
    assert not catalog.is_available("bach-chorales", tmp_path)


@pytest.mark.usefixtures("chorales")
def test_what_a_killed_conversion_left_is_cleared_away(tmp_path):
    left = tmp_path / "corpora" / ".bach-chorales.building"
    left.mkdir(parents=True)
    (left / "bwv999.mid").write_bytes(b"half")
    folder = music21_corpus.make("bach-chorales", tmp_path)
    assert not left.exists()
    assert not (folder / "bwv999.mid").exists()


@pytest.mark.usefixtures("chorales")
def test_two_processes_do_not_convert_at_once(tmp_path):
    (tmp_path / "corpora").mkdir()
    with storage.FolderLock(tmp_path / "corpora", name=".bach-chorales.lock"), pytest.raises(InUseError):
        music21_corpus.make("bach-chorales", tmp_path)
    assert music21_corpus.make("bach-chorales", tmp_path).is_dir()


@pytest.mark.usefixtures("chorales")
def test_a_disk_that_refuses_is_the_machines_fault(tmp_path, monkeypatch):
    def full(_descriptor, _data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write", full)
    with pytest.raises(MachineError):
        music21_corpus.make("bach-chorales", tmp_path)
    assert [path.name for path in (tmp_path / "corpora").iterdir()] == [".bach-chorales.lock"]


def test_without_music21_the_line_that_installs_it_is_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "music21", None)
    with pytest.raises(MissingExtraError) as caught:
        catalog.get("bach-chorales", tmp_path)
    assert caught.value.remedy == "pip install 'lstmgen[corpora]'"
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("chorales")
def test_a_music21_that_cannot_be_imported_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "music21.corpus", None)
    with pytest.raises(MissingExtraError, match="cannot be imported"):
        music21_corpus.make("bach-chorales", tmp_path)


def test_a_music21_without_its_corpus_and_one_that_reads_nothing_are_refused(music21, tmp_path):
    with pytest.raises(CorpusError, match="without its corpus"):
        music21_corpus.make("bach-chorales", tmp_path)
    (music21.corpus / "bach" / "bwv1.mxl").write_text("broken")
    with pytest.raises(CorpusError, match="of 1 piece none could"):
        music21_corpus.make("bach-chorales", tmp_path)


@pytest.mark.usefixtures("chorales")
def test_huge_files_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_MUSIC21_FILE_BYTES", 40)
    music21_corpus.make("bach-chorales", tmp_path)
    assert [path.stem for path in music21_corpus.files_of("bach-chorales", tmp_path)] == ["bwv1", "bwv3"]


def test_the_catalogue_converts_only_by_get(chorales, tmp_path):
    before = catalog.find("bach-chorales", tmp_path)
    assert (before.kind, before.content, before.size_bytes) == ("package", "music", None)
    for cache in (None, tmp_path):
        with pytest.raises(CorpusError) as caught:
            catalog.documents_of("bach-chorales", cache)
        assert caught.value.remedy == "lstmgen corpora get bach-chorales"
    with pytest.raises(CorpusError):
        gather(["bach-chorales"], cache=tmp_path)
    assert chorales.asked == []
    folder = catalog.get("bach-chorales", tmp_path)
    assert catalog.find("bach-chorales", tmp_path).size_bytes == sum(path.stat().st_size for path in folder.glob("*.mid"))
    assert {entry.name: entry for entry in catalog.entries(tmp_path)}["bach-chorales"] == catalog.find("bach-chorales", tmp_path)


@pytest.mark.skipif(not music21_corpus.is_installed(), reason="music21 is not installed (extra `corpora`)")
def test_the_real_music21_gives_a_chorale_in_four_voices():
    import music21

    folder = Path(music21.__file__).parent / "corpus"
    collection = music21_corpus.COLLECTIONS["bach-chorales"]
    source = next(source for source in music21_corpus._sources(collection, folder) if source.label == "bwv66.6")
    score, reason = music21_corpus._read(collection, music21_corpus._package(), source)
    assert reason == ""
    assert score is not None
    assert len(score.notes) == 163
    assert Bars(score).lines(0, stop_tick=score.length_ticks, most=99).tolist() == list(range(0, 1920 * 11, 1920))
    assert score.keys[0].sharps == 3
