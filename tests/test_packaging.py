"""The wheel alone, installed into a fresh environment and used outside of the checkout, has everything it needs."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
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

    def run(self, *argv, program="lstmgen"):
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LSTMGEN", "XDG"))}
        environ |= {"HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        done = subprocess.run([self.prefix / BIN / program, *argv], capture_output=True, cwd=self.home, env=environ, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packaging")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT], check=True, stdout=subprocess.DEVNULL
    )
    (wheel,) = folder.glob("*.whl")
    return Installation(folder, wheel)


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
    code, out, err = installation.run("demo", "--max-time", "3s")
    assert code == 0, err
    assert len(out.splitlines()) > 4
    assert "Next commands" in err
    model = installation.home / "checkpoints" / "demo" / "model.safetensors"
    assert model.is_file()
    code, out, err = installation.run("sample", str(model), "-n", "20", "-s", "1")
    assert code == 0, err
    assert out
