"""Sources to files: what the user names, corpora by name, and token ids on disk. Knows no medium."""
