"""The plan of the house, as docs/architecture.md draws it: who may know whom, what lives where, how large things may grow."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lstmgen"
FILES = sorted(PACKAGE.rglob("*.py"))

GROUND = {"errors", "limits", "choices", "ids"}
FOUNDATION = GROUND | {"config", "storage"}
MECHANISMS = FOUNDATION | {"model", "media", "corpus", "checkpoint", "music"}
ALLOWED = {
    "errors": set(),
    "limits": set(),
    "choices": set(),
    "ids": set(),
    "config": GROUND,
    "storage": GROUND,
    "model": FOUNDATION,
    "music": FOUNDATION,
    "corpus": FOUNDATION | {"media", "music"},
    "media": FOUNDATION | {"music"},
    "checkpoint": FOUNDATION | {"model", "media"},
    "training": MECHANISMS,
    "generation": MECHANISMS,
    "analysis": MECHANISMS,
    "runs": MECHANISMS | {"training", "generation", "analysis"},
    "cli": MECHANISMS | {"training", "generation", "analysis", "runs"},
    "__main__": {"cli"},
    "__init__": {"generation", "runs"},
}
"""For each room, the rooms that it may import. Its own files it may always import."""
LEAKS = {"media": {"corpus"}}
"""Imports that are to go: the corpus still encodes what only a medium should know."""

WITH_TORCH = {"model", "checkpoint", "training", "generation", "analysis", "runs"}
"""Everything else works without torch."""

HOMES = {
    "rich": ("cli/",),
    "typer": ("cli/",),
    "sentencepiece": ("media/text/pieces.py",),
    "mido": ("music/midi/writer.py",),
    "PIL": ("music/roll/",),
    "pickle": (),
    "cloudpickle": (),
    "dill": (),
    "joblib": (),
    "marshal": (),
    "shelve": (),
    "click": (),
}
"""The only places where a package may be imported."""


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree):
    """Every imported module, with the line; of `from a import b` both `a` and `a.b`, for b may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield node.lineno, node.module
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def rooms_imported(tree):
    """The rooms of our own package that are imported, with the line."""
    for line, module in imports(tree):
        parts = module.split(".")
        if parts[0] == "lstmgen" and len(parts) > 1 and (PACKAGE / parts[1]).with_suffix(".py").is_file() | (PACKAGE / parts[1]).is_dir():
            yield line, parts[1]


def upward_imports(room, tree):
    return [
        f"line {line}: {room} imports {other}"
        for line, other in rooms_imported(tree)
        if other not in ALLOWED[room] | LEAKS.get(room, set()) | {room}
    ]


def misplaced_packages(relative, tree):
    found = []
    for line, module in imports(tree):
        homes = HOMES.get(module.split(".")[0])
        if homes is not None and not relative.startswith(homes):
            found.append(f"line {line}: {module}")
    return found


def forbidden_calls(relative, tree):
    """Unpickling by torch, running text as code, and outside of the command line: printing, leaving, reading the environment."""
    in_cli = relative.startswith("cli/")
    found = []
    for node in ast.walk(tree):
        name = ast.unparse(node) if isinstance(node, (ast.Attribute, ast.Name)) else ""
        if name in {"torch.load", "torch.jit.load", "np.load", "numpy.load"}:
            found.append(f"line {node.lineno}: {name}")
        if not in_cli and name in {"os.environ", "os.getenv", "sys.argv", "sys.exit", "sys.stdout", "sys.stderr", "os.environb"}:
            found.append(f"line {node.lineno}: {name}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec", "print", "input", "exit"}:
            found.append(f"line {node.lineno}: {node.func.id}()")
    return found


def long_functions(tree):
    return [
        f"line {node.lineno}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno - node.lineno + 1 > 60
    ]


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


@every_file
def test_imports_point_only_downwards(path):
    assert upward_imports(room_of(path), parsed(path)) == []


@every_file
def test_packages_are_imported_only_where_they_live(path):
    assert misplaced_packages(path.relative_to(PACKAGE).as_posix(), parsed(path)) == []


@every_file
def test_torch_stays_in_the_rooms_that_need_it(path):
    if room_of(path) not in WITH_TORCH:
        assert [line for line, module in imports(parsed(path)) if module.split(".")[0] == "torch"] == []


@every_file
def test_nothing_is_unpickled_and_only_the_command_line_talks_to_the_outside(path):
    assert forbidden_calls(path.relative_to(PACKAGE).as_posix(), parsed(path)) == []


@every_file
def test_no_file_is_longer_than_400_lines_and_no_function_longer_than_60(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert long_functions(parsed(path)) == []


@every_file
def test_no_file_is_called_utils(path):
    assert path.stem not in {"utils", "util", "helpers", "misc", "common"}


def test_every_room_has_a_place_in_the_plan():
    assert {room_of(path) for path in FILES} <= set(ALLOWED)


def test_the_plan_has_no_circle():
    visited, path = set(), []

    def walk(room):
        assert room not in path, " -> ".join([*path, room])
        if room not in visited:
            path.append(room)
            for other in sorted(ALLOWED[room] - {room}):
                walk(other)
            path.pop()
            visited.add(room)

    for room in ALLOWED:
        if room not in {"__init__", "__main__"}:
            walk(room)


def test_training_never_knows_generation_nor_the_model_the_text():
    assert "generation" not in ALLOWED["training"]
    assert not ALLOWED["model"] & {"media", "corpus"}
    assert not [room for room, others in ALLOWED.items() if "cli" in others and room != "__main__"]


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("training", "from lstmgen.generation.filters import top_k"),
        ("model", "def f():\n    from lstmgen import media"),
        ("storage", "import lstmgen.config"),
        ("corpus", "from lstmgen.cli import main"),
    ],
)
def test_the_walk_notices_an_import_that_points_upwards(room, source):
    assert upward_imports(room, ast.parse(source))


@pytest.mark.parametrize(
    "source", ["import rich.live", "from typer import Typer", "import pickle", "from click import echo", "import sentencepiece"]
)
def test_the_walk_notices_a_package_in_the_wrong_room(source):
    assert misplaced_packages("corpus/sources.py", ast.parse(source))


@pytest.mark.parametrize("source", ["torch.load(f)", "print(1)", "eval('1')", "x = os.environ['HOME']", "sys.exit(1)"])
def test_the_walk_notices_a_forbidden_call(source):
    assert forbidden_calls("corpus/sources.py", ast.parse(source))


def test_the_walk_notices_a_long_function():
    assert long_functions(ast.parse("def f():\n" + "    x = 1\n" * 60))
    assert not long_functions(ast.parse("def f():\n" + "    x = 1\n" * 59))
