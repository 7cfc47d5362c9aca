"""Scores to sound."""
