"""MIDI files: bytes to scores, tolerant and bounded, and scores to bytes."""
