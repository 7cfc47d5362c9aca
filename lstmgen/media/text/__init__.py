"""Text as a medium: documents, tokenizers, lines."""
