"""Tunes as a medium: collections of scores, tokenizers of scores, grammar."""
