"""The only room that writes what must survive a crash, and the only one that calls the disk to change anything.

The environment is never read here; `cache_folder` takes it as an argument.
"""

from lstmgen.storage.files import (
    append_line,
    atomic_write,
    make_folder,
    remove,
    remove_leftovers,
    replace_folder,
    sha256_of,
    store_by_content,
    written_aside,
)
from lstmgen.storage.locks import FolderLock
from lstmgen.storage.places import cache_folder
from lstmgen.storage.refusals import machine_errors

__all__ = [
    "FolderLock",
    "append_line",
    "atomic_write",
    "cache_folder",
    "machine_errors",
    "make_folder",
    "remove",
    "remove_leftovers",
    "replace_folder",
    "sha256_of",
    "store_by_content",
    "written_aside",
]
