"""What the shell offers when Tab is pressed; light, and silent when something is wrong."""

from __future__ import annotations

from pathlib import Path

from lstmgen import api, run_files
from lstmgen.errors import LstmgenError


def models(incomplete: str) -> list[str]:
    """Names of runs and paths of run folders and model files that begin like this."""
    try:
        runs = sorted(path.parent for path in run_files.RUNS.glob(f"*/{run_files.MODEL}"))
        found = [*(run.name for run in runs), *(str(run) for run in runs)]
        return [*(name for name in found if name.startswith(incomplete)), *(paths(incomplete) if incomplete else ())]
    except OSError:
        return []


def runs(incomplete: str) -> list[str]:
    """Names of runs, finished or not, and folders that begin like this."""
    try:
        found = [path.name for path in api.list_runs() if path.name.startswith(incomplete)]
    except (OSError, LstmgenError):
        return []
    return [*found, *(path for path in paths(incomplete) if path.endswith("/"))]


def corpus_names(incomplete: str) -> list[str]:
    """Names of corpora that begin like this."""
    try:
        return [name for name in api.corpus_names() if name.startswith(incomplete)]
    except OSError:
        return []


def corpora_and_files(incomplete: str) -> list[str]:
    """Names of corpora and paths that begin like this."""
    return [*corpus_names(incomplete), *paths(incomplete)]


def paths(incomplete: str) -> list[str]:
    """Files and folders that begin like this."""
    start = Path(incomplete)
    folder = start if incomplete.endswith("/") else start.parent
    prefix = "" if incomplete.endswith("/") else start.name
    try:
        found = [path for path in folder.iterdir() if path.name.startswith(prefix) and (prefix or not path.name.startswith("."))]
    except OSError:
        return []
    return sorted(f"{path}/" if path.is_dir() else str(path) for path in found)
