"""The long description of the package: README.md without what works only beside its files, which are pictures and links to other files."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n\n?", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")


def long_description(readme: str) -> str:
    """The text of README.md as it can stand alone; links to other files become the names of the files."""
    return _LINK.sub(r"\1", _PICTURE.sub("", readme))


class CustomMetadataHook(MetadataHookInterface):
    """Called by hatchling, which looks for the only such class of this file."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Sets the long description."""
        text = long_description(Path(self.root, "README.md").read_text(encoding="utf-8"))
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
