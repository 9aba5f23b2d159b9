"""Sizes and checksums, and the two files that hold them."""

import hashlib
import json
import os
from dataclasses import dataclass

from .faults import DeliveryError

SCHEMA = "delivery-manifest/1"
CHUNK_BYTES = 1 << 20
# Enough to say why the work is not done.
RESERVE_MS = 300


@dataclass(frozen=True)
class Summed:
    path: str
    size_bytes: int
    sha256: str


def sums(directory, files, progress, remaining_ms):
    """Size and SHA-256 of each file, as it is read."""
    whole = sum(file.size_bytes for file in files) or 1
    done = 0
    for file in files:
        digest = hashlib.sha256()
        size = 0
        try:
            with open(os.path.join(directory, file.path), "rb", buffering=0) as media:
                while chunk := media.read(CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
                    progress(min((done + size) / whole, 1.0), file.path)
                    if remaining_ms() < RESERVE_MS:
                        raise DeliveryError(
                            f"only {done + size} of {whole} bytes could be read in time: "
                            f"raise limits.timeout_seconds of this hook"
                        )
        except OSError as error:
            raise DeliveryError(f"{file.path} cannot be read: {error.strerror}") from None
        if size != file.size_bytes:
            raise DeliveryError(f"{file.path} changes while it is read: deliver it first, then run this")
        done += size
        yield Summed(file.path, size, digest.hexdigest())


def manifest_text(files, job):
    """The same delivery gives the same text: there is no time in it."""
    manifest = {
        "schema": SCHEMA,
        "job": job,
        "files": [{"path": file.path, "size_bytes": file.size_bytes, "sha256": file.sha256} for file in files],
        "total_bytes": sum(file.size_bytes for file in files),
    }
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def checksums_text(files):
    """For `sha256sum --check`, which marks a line whose name it had to escape."""
    return "".join(_checksum_line(file) for file in files)


def _checksum_line(file):
    escaped = file.path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != file.path else ""
    return f"{mark}{file.sha256}  {escaped}\n"


def write(directory, name, text):
    """Whole or not at all: what was there stays until all is written."""
    path = os.path.join(directory, name)
    part = path + ".part"
    try:
        with open(part, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(part, path)
    except OSError as error:
        raise DeliveryError(
            f"{path} cannot be written: {error.strerror}. Grant the directory with "
            f'"access": "write", or name another with the setting output'
        ) from None
