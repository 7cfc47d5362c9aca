"""Every bound on what comes from outside, named, in one place.

A bound is generous for honest use and small enough that a hostile file cannot make the program take the machine down.
"""

from __future__ import annotations

from typing import Final

# Model files
MAX_MODEL_HEADER_BYTES: Final = 64 * 2**20
"""JSON header of a safetensors file; the format itself allows 100 MB."""
MAX_MODEL_FILE_BYTES: Final = 16 * 2**30
MAX_TENSORS: Final = 4096
MAX_JSON_DEPTH: Final = 32

# Architectures
MAX_HIDDEN_SIZE: Final = 16_384
MAX_LAYERS: Final = 64
MAX_EMBEDDING_SIZE: Final = 16_384
MAX_VOCABULARY: Final = 2**20
MAX_PARAMETERS: Final = 4 * 2**30

# Corpora
MAX_DOCUMENTS: Final = 1_000_000
BINARY_PROBE_BYTES: Final = 8192
"""How much of a file is looked at to tell text from binary."""
READ_CHUNK_BYTES: Final = 2**20
"""How much of a corpus is held as text at a time."""

# Tokenizers
MAX_PIECE_BYTES: Final = 4096
MAX_TOKENIZER_JSON_BYTES: Final = 48 * 2**20

# Downloads
MAX_DOWNLOAD_BYTES: Final = 2 * 2**30
DOWNLOAD_TIMEOUT_S: Final = 30.0

# Generation
MAX_PROMPT_CHARS: Final = 50_000_000
MAX_TEMPERATURE: Final = 100.0
