"""The version, once; a release changes it here. And the version of what is written as JSON for other programs."""

__version__ = "0.1.0"

JSON_SCHEMA = 1
"""Of what `--json` prints and of the lines of the metrics: it grows when a field goes or changes its meaning, not when one is added."""
