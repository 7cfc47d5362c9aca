"""Scores without models: read, written, drawn and made to sound."""
