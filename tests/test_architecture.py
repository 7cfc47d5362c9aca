"""The plan of the house, as docs/architecture.md draws it: who may know whom, what lives where, how large things may grow."""

import ast
import functools
import typing
from pathlib import Path

import pytest
from package_files import FILES, PACKAGE, every_file, nodes, parsed

from lstmgen import choices, run_files

GROUND = {
    "errors",
    "bounds",
    "limits",
    "choices",
    "ids",
    "opening",
    "options",
    "run_files",
    "schema",
    "setting_values",
    "strict_json",
    "strict_toml",
    "version",
    "wording",
}
FOUNDATION = GROUND | {"config", "storage"}
MECHANISMS = FOUNDATION | {"model", "media", "corpus", "checkpoint", "music", "drawing"}
ALLOWED = {
    "errors": set(),
    "bounds": set(),
    "limits": set(),
    "choices": set(),
    "ids": set(),
    "opening": set(),
    "strict_json": {"limits", "wording"},
    "strict_toml": {"limits"},
    "schema": {"strict_toml", "wording"},
    "options": {"errors", "bounds"},
    "setting_values": {"bounds", "strict_toml"},
    "run_files": set(),
    "version": set(),
    "wording": set(),
    "config": GROUND,
    "storage": GROUND,
    "model": FOUNDATION,
    "drawing": GROUND,
    "music": FOUNDATION | {"drawing"},
    "corpus": FOUNDATION | {"music"},
    "media": FOUNDATION | {"corpus", "music"},
    "checkpoint": FOUNDATION | {"model", "media"},
    "training": MECHANISMS,
    "generation": MECHANISMS,
    "analysis": MECHANISMS,
    "lab": FOUNDATION | {"model", "analysis", "runs"},
    "bench": MECHANISMS | {"training", "generation"},
    "runs": MECHANISMS | {"training", "generation", "analysis"},
    "api": MECHANISMS | {"training", "generation", "analysis", "runs", "lab", "bench"},
    "cli": {"api", "bounds", "config", "choices", "options", "errors", "limits", "run_files", "strict_toml", "version", "wording"},
    "__main__": {"cli"},
    "__init__": {"api", "errors", "version"},
}
"""For each room, the rooms that it may import. Its own files it may always import."""

ABOVE_MEDIA = ("model", "corpus", "checkpoint", "training", "generation", "analysis", "runs")
"""Rooms in which nobody asks of which medium anything is."""
CONTRACT = {
    f"lstmgen.media.{name}" for name in ("base", "declared", "features", "gaps", "legal", "manner", "registry", "statistics", "writing")
}
"""What they may know of the media."""

WITH_TORCH = {"model", "checkpoint", "training", "generation", "analysis", "runs", "lab", "bench"}
"""Everything else works without torch."""

HOMES = {
    "rich": ("cli/",),
    "typer": ("cli/",),
    "sentencepiece": ("media/text/pieces.py",),
    "mido": ("music/midi/writer.py",),
    "PIL": ("drawing/",),
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
    for node in nodes(tree):
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
    return [f"line {line}: {room} imports {other}" for line, other in rooms_imported(tree) if other not in ALLOWED[room] | {room}]


def misplaced_packages(relative, tree):
    found = []
    for line, module in imports(tree):
        homes = HOMES.get(module.split(".")[0])
        if homes is not None and not relative.startswith(homes):
            found.append(f"line {line}: {module}")
    return found


FORBIDDEN = {"eval", "exec", "print", "input", "exit"}


def forbidden_calls(relative, tree):
    """Unpickling by torch, running text as code, and outside of the command line: printing, leaving, reading the environment."""
    in_cli = relative.startswith("cli/")
    found = []
    for node in nodes(tree):
        name = ast.unparse(node) if isinstance(node, (ast.Attribute, ast.Name)) else ""
        if name in {"torch.load", "torch.jit.load", "np.load", "numpy.load"}:
            found.append(f"line {node.lineno}: {name}")
        if not in_cli and name in {"os.environ", "os.getenv", "sys.argv", "sys.exit", "sys.stdout", "sys.stderr", "os.environb"}:
            found.append(f"line {node.lineno}: {name}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN - ({"input"} if in_cli else set()):
            found.append(f"line {node.lineno}: {node.func.id}()")
    return found


RUN_NAMES = {str(value) for name, value in vars(run_files).items() if name.isupper() and isinstance(value, (str, Path))}
WORD_LISTS = {frozenset(typing.get_args(value)) for value in vars(choices).values() if typing.get_origin(value) is typing.Literal}


def module_of(path):
    """The name of the module that a file holds."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def files_imported(tree):
    """The modules of our own package that are imported anywhere in a file, at its head or in a function."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            yield from (name if (name := f"{node.module}.{alias.name}") in MODULES else node.module for alias in node.names)


def first_circle(graph):
    """Modules that import one another in a circle, as a path that ends where it begins; nothing where there is none."""
    done = set()

    def walk(module, path):
        if module in path:
            return [*path[path.index(module) :], module]
        if module not in done:
            for other in sorted(graph[module]):
                if circle := walk(other, [*path, module]):
                    return circle
            done.add(module)
        return []

    return next(filter(None, (walk(module, []) for module in sorted(graph))), [])


MEDIA_WORDS = {*choices.MEDIA, *choices.tokenizer_names()}
MEDIA_TYPES = {
    node.name
    for entry in choices.MEDIA.values()
    for path in PACKAGE.parent.joinpath(*entry.home.split(".")).rglob("*.py")
    for node in nodes(parsed(path))
    if isinstance(node, ast.ClassDef)
} | {"Score"}


def questions_of_medium(tree):
    """Comparisons with names of media or of their tokenizers, checks for their types, and imports from them."""
    found = [f"line {line}: {module}" for line, module in imports(tree) if _is_inside_of_media(module)]
    for node in nodes(tree):
        if isinstance(node, (ast.Compare, ast.MatchValue)):
            words = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
            found += [f"line {node.lineno}: {ast.unparse(node)}"] if words & MEDIA_WORDS else []
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"isinstance", "issubclass"}:
            names = {ast.unparse(part).rpartition(".")[2] for part in ast.walk(node.args[1]) if isinstance(part, (ast.Name, ast.Attribute))}
            found += [f"line {node.lineno}: {ast.unparse(node)}"] if names & MEDIA_TYPES else []
        elif isinstance(node, ast.MatchClass) and ast.unparse(node.cls).rpartition(".")[2] in MEDIA_TYPES:
            found.append(f"line {node.lineno}: {ast.unparse(node.cls)}")
    return found


def _is_inside_of_media(module):
    file = module if module in MODULES else module.rpartition(".")[0]
    return file.startswith("lstmgen.media.") and file not in CONTRACT


def second_spellings(tree):
    """File names of a run, and lists of words to choose from, that are written again."""
    found = []
    parts = {id(part) for node in nodes(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and node.value in RUN_NAMES and id(node) not in parts:
            found.append(f"line {node.lineno}: {node.value!r} stands in run_files.py")
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)) and all(isinstance(item, ast.Constant) for item in node.elts):
            words = frozenset(item.value for item in node.elts)
            if words in WORD_LISTS:
                found.append(f"line {node.lineno}: {sorted(words)} stands in choices.py")
    return found


def long_functions(tree):
    return [
        f"line {node.lineno}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in nodes(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno - node.lineno + 1 > 60
    ]


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
def test_the_files_of_a_run_and_the_lists_of_choices_are_spelled_once(path):
    if room_of(path) not in {"run_files", "choices"}:
        assert second_spellings(parsed(path)) == []


@every_file
def test_no_file_is_called_utils(path):
    assert path.stem not in {"utils", "util", "helpers", "misc", "common"}


@functools.partial(every_file, files=[path for path in FILES if room_of(path) in ABOVE_MEDIA])
def test_above_the_media_and_below_the_command_line_nobody_asks_which_medium_it_is(path):
    assert questions_of_medium(parsed(path)) == []


def test_no_file_imports_itself_in_a_circle():
    graph = {module: set(files_imported(parsed(path))) - {module} for module, path in MODULES.items()}
    assert sum(map(len, graph.values())) > 400
    assert first_circle(graph) == []


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
        ("cli", "def f():\n    from lstmgen.runs.model import load"),
        ("cli", "from lstmgen.storage import cache_folder"),
    ],
)
def test_the_walk_notices_an_import_that_points_upwards(room, source):
    assert upward_imports(room, ast.parse(source))


@pytest.mark.parametrize(
    "source", ["import rich.live", "from typer import Typer", "import pickle", "from click import echo", "import sentencepiece"]
)
def test_the_walk_notices_a_package_in_the_wrong_room(source):
    assert misplaced_packages("corpus/sources.py", ast.parse(source))


def test_the_walk_notices_a_circle_also_through_a_function():
    function = ast.parse("def f():\n    from lstmgen.cli import interactive")
    assert list(files_imported(function)) == ["lstmgen.cli.interactive"]
    assert first_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert first_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize(
    "source",
    [
        "if tokenizer.name == 'notes': pass",
        "kind in ('text', 'tunes')",
        "match name:\n    case 'char': pass",
        "isinstance(tokenizer, GridTokenizer)",
        "isinstance(x, (int, tokenizers.EventTokenizer))",
        "match item:\n    case Score(): pass",
        "def f():\n    from lstmgen.media.tunes import tokenizers",
        "from lstmgen.media import text",
    ],
)
def test_the_walk_notices_a_question_of_medium(source):
    assert questions_of_medium(ast.parse(source))
    assert not questions_of_medium(ast.parse("from lstmgen.media.base import Medium\nisinstance(x, Medium)\nx.kind == 'boundary'"))


@pytest.mark.parametrize("source", ["torch.load(f)", "print(1)", "eval('1')", "x = os.environ['HOME']", "sys.exit(1)"])
def test_the_walk_notices_a_forbidden_call(source):
    assert forbidden_calls("corpus/sources.py", ast.parse(source))


@pytest.mark.parametrize("source", ["x = 'last.safetensors'", "f('checkpoints')", "Literal['cpu', 'auto', 'cuda']", "('drop', 'extend')"])
def test_the_walk_notices_a_second_spelling(source):
    assert second_spellings(ast.parse(source))


def test_the_walk_notices_a_long_function():
    assert long_functions(ast.parse("def f():\n" + "    x = 1\n" * 60))
    assert not long_functions(ast.parse("def f():\n" + "    x = 1\n" * 59))


def test_a_law_names_every_file_that_breaks_it():
    def law(path):
        assert path not in FILES[:2], "no good"

    with pytest.raises(AssertionError, match=rf"^{FILES[0].name}: no good\n(.*\n)?{FILES[1].name}: no good") as caught:
        every_file(law)()
    assert str(caught.value).count("no good") == 2
