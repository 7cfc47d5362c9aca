"""Runs that take a second."""

import pytest

import lstmgen


@pytest.fixture(scope="session")
def tiny():
    """Settings of a run of twelve steps."""
    return {
        "model.hidden_size": 16,
        "model.num_layers": 2,
        "model.embedding_size": 8,
        "model.dropout": 0.1,
        "training.batch_size": 4,
        "training.seq_length": 8,
        "training.max_steps": 12,
        "training.sample_every_s": 0.0,
        "runtime.threads": 1,
        "runtime.precision": "fp32",
    }


@pytest.fixture
def train(tmp_path, tiny):
    """Starts a tiny run from sources."""

    def start(*sources, settings=None, **options):
        return lstmgen.train(sources, settings={**tiny, **(settings or {})}, cache=tmp_path / "cache", **options)

    return start
