"""The files below a directory."""

import os
from dataclasses import dataclass

from .faults import DeliveryError

# A delivery of more files is packed first; memory has a bound here.
FILES_MAX = 20_000
DEPTH_MAX = 32


@dataclass(frozen=True)
class Found:
    """A file, by its path relative to the delivery."""

    path: str
    size_bytes: int


@dataclass(frozen=True)
class Tree:
    files: list[Found]
    # Neither files nor folders: symbolic links, pipes. Not followed.
    strange: list[str]


def walk(directory):
    """Everything below, in the order of paths."""
    files, strange = [], []
    _enter(directory, "", 0, files, strange)
    files.sort(key=lambda file: file.path)
    return Tree(files, sorted(strange))


def _enter(directory, prefix, depth, files, strange):
    if depth > DEPTH_MAX:
        raise DeliveryError(f"{prefix} is more than {DEPTH_MAX} folders deep")
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.is_symlink():
                    strange.append(path)
                elif entry.is_dir(follow_symlinks=False):
                    _enter(entry.path, path + "/", depth + 1, files, strange)
                elif entry.is_file(follow_symlinks=False):
                    files.append(Found(path, entry.stat(follow_symlinks=False).st_size))
                else:
                    strange.append(path)
                if len(files) + len(strange) > FILES_MAX:
                    raise DeliveryError(f"more than {FILES_MAX} files: pack the delivery, or name a folder of it")
    except FileNotFoundError:
        if depth > 0:
            raise DeliveryError(f"{prefix} vanished while it was read") from None
        raise DeliveryError(
            f"there is no directory {directory}: grant the delivery with "
            f'"directories": [{{"host": "…", "guest": "{directory}", "access": "write"}}]'
        ) from None
    except OSError as error:
        raise DeliveryError(f"{prefix or directory} cannot be read: {error.strerror}") from None
