"""The version, once; a release changes it here."""

__version__ = "0.1.0"
