"""The wheel alone, installed into a fresh environment and used outside of the checkout, has everything it needs."""

import email
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = "Scripts" if os.name == "nt" else "bin"


class Installation:
    """An environment that holds the wheel; the packages that it depends on are borrowed from the environment of the tests."""

    def __init__(self, folder, wheel):
        self.home = folder / "elsewhere"
        self.home.mkdir()
        self.prefix = folder / "venv"
        venv.create(self.prefix, with_pip=False, symlinks=os.name != "nt")
        self.packages = Path(sysconfig.get_path("purelib", vars={"base": str(self.prefix), "platbase": str(self.prefix)}))
        pip = [sys.executable, "-m", "pip", "--python", self.prefix / BIN / "python", "install"]
        subprocess.run([*pip, "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", wheel], check=True)
        borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        (self.packages / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
        begun = "from lstmgen.model.compiled import code; code.is_first_to_make()"
        self.run("-c", begun, program="python")  # so the first sample has nothing compiled in the background that outlives the test

    def run(self, *argv, program="lstmgen"):
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LSTMGEN", "XDG"))}
        environ |= {"HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        done = subprocess.run([self.prefix / BIN / program, *argv], capture_output=True, cwd=self.home, env=environ, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder that holds the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("packaging")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--sdist", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder


@pytest.fixture(scope="module")
def installation(built):
    (wheel,) = built.glob("*.whl")
    return Installation(built, wheel)


def test_the_source_distribution_carries_everything_that_is_in_the_repository_for_its_readers(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    for folder in ("benchmarks", "docs", "lstmgen", "tests"):
        mine = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".md", ".svg", ".png"}}
        assert mine <= names
    assert {"README.md", "CHANGELOG.md", "LICENSE", "Makefile", "constraints.txt", "hatch_build.py", "pyproject.toml"} <= names


def test_the_long_description_stands_alone(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
    text = metadata.get_payload()
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert text.startswith("# lstmgen\n")
    assert "lstmgen sample" in text
    assert not re.search(r"!\[|\]\((?!https?:)", text)


def test_it_is_the_installed_package_that_runs_and_not_the_checkout(installation):
    code, out, err = installation.run("-c", "import lstmgen; print(lstmgen.__file__)", program="python")
    assert code == 0, err
    assert Path(out.strip()).is_relative_to(installation.prefix)


def test_the_program_answers(installation):
    code, out, _ = installation.run("--help")
    assert code == 0
    assert "lstmgen demo" in out
    assert installation.run("--version")[1].startswith("lstmgen ")


def test_the_bundled_corpora_came_along_with_their_cards(installation):
    code, out, err = installation.run("corpora", "list", "--json")
    assert code == 0, err
    bundled = [entry for entry in map(json.loads, out.splitlines()) if entry["kind"] == "bundled"]
    assert sum(entry["bytes"] for entry in bundled) > 60_000
    for entry in bundled:
        assert Path(entry["location"]).is_relative_to(installation.prefix)
        assert (Path(entry["location"]) / "SOURCE.md").is_file()
        assert not list(Path(entry["location"]).glob("*.py")), "what made a corpus stays in the repository"
        assert entry["licence"] == "MIT"


def test_the_demo_runs_to_its_end_and_leaves_a_model_that_others_can_use(installation):
    code, out, err = installation.run("demo", "--max-time", "1s")
    assert code == 0, err
    assert len(out.splitlines()) > 4
    assert "Next commands" in err
    model = installation.home / "checkpoints" / "demo" / "model.safetensors"
    assert model.is_file()
    code, out, err = installation.run("sample", str(model), "-n", "20", "-s", "1")
    assert code == 0, err
    assert out
