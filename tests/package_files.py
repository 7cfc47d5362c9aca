"""The files of the package, and laws that hold for each: one test a law, since thousands of cases of a few milliseconds cost more than what
they look at."""

import ast
import functools
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "lstmgen"
FILES = sorted(PACKAGE.rglob("*.py"))


@functools.cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def nodes(tree):
    """All nodes of a tree, as `ast.walk` gives them; to walk takes longer than to look at what is found."""
    return tuple(ast.walk(tree))


def every_file(law, files=FILES):
    """A test that tells all files for which the law does not hold."""

    def test():
        assert files
        broken = []
        for path in files:
            try:
                law(path)
            except AssertionError as error:
                broken.append(f"{path.relative_to(PACKAGE)}: {error}")
        assert not broken, "\n".join(broken)

    test.__name__, test.__doc__ = law.__name__, law.__doc__
    return test
