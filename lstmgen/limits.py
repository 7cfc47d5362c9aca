"""Every bound on what comes from outside, named, in one place.

A bound is generous for honest use and small enough that a hostile file cannot make the program take the machine down.
"""

from __future__ import annotations

from typing import Final

# Model files
MAX_MODEL_HEADER_BYTES: Final = 64 * 2**20
"""JSON header of a safetensors file; the format itself allows 100 MB."""
MIN_MODEL_HEADER_BYTES: Final = 4 * 2**20
"""A header of so many bytes is always read; a larger one only where the tensors are large too."""
MAX_HEADER_SHARE: Final = 4
"""Bytes of a larger header for each byte of the tensors."""
MIN_DOCUMENT_VALUES: Final = 20_000
"""So many JSON values in a document are always read; more only where the tensors are large too."""
MAX_MODEL_FILE_BYTES: Final = 16 * 2**30
MAX_TENSORS: Final = 4096
MAX_TENSOR_NAME_CHARS: Final = 200
MAX_JSON_DEPTH: Final = 32

# Architectures
MAX_HIDDEN_SIZE: Final = 16_384
MAX_LAYERS: Final = 64
MAX_EMBEDDING_SIZE: Final = 16_384
MAX_VOCABULARY: Final = 2**20
MAX_PARAMETERS: Final = 4 * 2**30
MAX_CLOCK_PERIOD: Final = 2**16
MAX_SUFFIX: Final = 2**16
MAX_MATCHES: Final = 64

# Corpora
MAX_DOCUMENTS: Final = 1_000_000
BINARY_PROBE_BYTES: Final = 8192
"""How much of a file is looked at to tell text from binary."""
READ_CHUNK_BYTES: Final = 2**20
"""How much of a corpus is held as text at a time."""
MAX_UNCUT_CHARS: Final = 16 * 2**20
"""How much text a tokenizer may ask for before it is cut at a place that the tokenizer did not call safe."""
MAX_DOCUMENT_CHARS: Final = 50_000_000
"""Of one document of several in a file; it is held as a whole."""
MAX_NAMES_COMPARED: Final = 10_000
"""Entries of a folder that are compared with a missing name to suggest the nearest."""

# Token files
TOKEN_HEADER_BYTES: Final = 4096
"""Everything before the ids of a token file."""
VERIFY_TOKENS_BYTES: Final = 256 * 2**20
"""Token files up to this size have their hash checked whenever they are taken from the cache."""

# Temporary files
LEFTOVER_AGE_S: Final = 86_400.0
"""Age at which a temporary file is given up even when its writer cannot be proven dead."""

# Tokenizers
MAX_PIECE_BYTES: Final = 4096

# Downloads
MAX_DOWNLOAD_BYTES: Final = 2 * 2**30
DOWNLOAD_TIMEOUT_S: Final = 30.0
"""Longest silence of a server."""
MIN_DOWNLOAD_BYTES_PER_S: Final = 100
"""A server slower than this over one time-out is given up."""

# Generation
MAX_PROMPT_CHARS: Final = 50_000_000
MAX_PROMPT_BYTES: Final = 64 * 2**20
"""Of a file that a text begins with; of a pipe or a device no more is read."""
MAX_PROMPTS: Final = 1_000_000
"""Of one request."""
MAX_REPETITION_PENALTY: Final = 1_000.0
"""And its inverse is the least."""
MAX_STOP_TEXTS: Final = 1_000
MAX_STOP_CHARS: Final = 10_000
"""Characters of one stop text."""

# JSON inside model files and run folders
MAX_JSON_CONTAINERS: Final = 100_000
"""Objects and lists; there are a few in a tokenizer, and a few for each part of a summary."""
MAX_JSON_VALUES: Final = 4 * MAX_VOCABULARY
MAX_DOCUMENT_BYTES: Final = 56 * 2**20
"""Architecture, tokenizer and summary together."""
MAX_CONFIG_BYTES: Final = 2**20
"""Settings in TOML."""
MAX_METRICS_LINE_BYTES: Final = 2**16
"""A line of the metrics; a longer one is none that a run wrote."""
MAX_METRICS_READ_BYTES: Final = 16 * 2**20
"""Metrics that are read whole, about a day of training; of longer ones so many lines are looked at as make a curve."""
MAX_CURVE_POINTS: Final = 20_000
MAX_RUN_NAME_BYTES: Final = 80
"""Of a run's name that is made from its source's, in UTF-8."""

# Score tokenizers with steps
MAX_STEPS_PER_BEAT: Final = 48
MAX_GRID_VOICES: Final = 16
MAX_CYCLE_BEATS: Final = 16
MAX_GRID_STEPS: Final = 2**20
"""Of one piece: at four to the beat and 120 beats per minute a day and a half."""
MAX_GRID_CELLS: Final = 2**23
"""Steps that the notes of one piece fill, added up."""
MAX_NOTES_STEPS: Final = 2**27
"""Of one piece in the `notes` tokenizer: two weeks of hundredths of a second."""
MAX_PERFORMANCE_S: Final = 2**20
"""Length of one piece in the `performance` tokenizer, which has an id for every second of silence; twelve days."""

# MIDI files
MAX_SILENCE_S: Final = 300.0
"""Longest time in which nothing begins or ends; what lasts longer is shortened to it."""
MAX_PEDAL_MOVES: Final = 2**24
"""Of one file, counted again for every track that plays on the channel that is pedalled."""
MAX_MIDI_BYTES: Final = 64 * 2**20
"""Of one file; black MIDI of ten million notes lies above it."""

# Sound
MIN_SAMPLE_RATE: Final = 8_000
MAX_SAMPLE_RATE: Final = 192_000
MAX_SOUND_S: Final = 3_600.0
"""Length of a piece that is made into sound; at 44,100 frames a second an hour takes 2 GB while it is made."""
MAX_SOUNDING_S: Final = 1_000_000.0
"""Seconds that all notes of a piece sound, added up: an hour of nearly 300 notes at a time."""
MAX_SOUNDFONT_BYTES: Final = 2 * 2**30

# Pictures of tunes
MAX_PICTURE_WIDTH: Final = 4_000
MAX_PICTURE_NOTES: Final = 60_000
"""Notes of one piano roll; of what holds more, the first bars are drawn."""
MAX_PICTURE_BARS: Final = 4_096
MAX_PICTURE_ASPECT: Final = 3.0
"""Height of a picture for its width."""
MAX_ROLL_LINES: Final = 600
"""Lines of a piano roll in the terminal."""

# Corpora made from music21
MAX_MUSIC21_FILE_BYTES: Final = 4 * 2**20
"""Larger files of its corpus are left out; those that are there today are far below."""

# Novelty
MAX_NOVELTY_SYMBOLS: Final = 2_000_000
"""Words or notes of the training data that are kept to look for copies: 8 MB."""
MAX_NOVELTY_BYTES: Final = 2**28
"""Of the file that keeps them, and the names of their documents."""

# Looking inside
MAX_TRACE_NUMBERS: Final = 2**29
"""Gates and states of a trace: 2 GiB in fp32."""
