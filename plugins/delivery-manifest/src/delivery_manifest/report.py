"""One call: what is found, what is written, what is answered."""

import hashlib
from dataclasses import dataclass, field

from .checks import Remark, remarks
from .faults import DeliveryError
from .manifest import checksums_text, manifest_text, sums, write
from .walk import Tree, walk

REMARKS_MAX = 100


@dataclass(frozen=True)
class Report:
    status: str
    message: str
    remarks: list[Remark]
    metadata: dict = field(default_factory=dict)
    artifacts: list[tuple[str, str]] = field(default_factory=list)
    metrics: dict[str, int] = field(default_factory=dict)


def report(settings, *, metadata, job, dry_run, progress, remaining_ms):
    """Checks the delivery and, where it is complete, writes its manifest. An
    incomplete delivery gets none."""
    named = _named(settings.expected_from, metadata)
    tree = _without_own(walk(settings.directory), settings)
    found = list(remarks(tree, settings, named))
    errors = [remark for remark in found if remark.level == "error"]
    metrics = {
        "delivery_files": len(tree.files),
        "delivery_bytes": sum(file.size_bytes for file in tree.files),
        "delivery_errors": len(errors),
    }
    if errors:
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        return Report("fail", errors[0].message + more, found[:REMARKS_MAX], metrics=metrics)

    summed = list(sums(settings.directory, tree.files, progress, remaining_ms))
    text = manifest_text(summed, job)
    written = []
    if not dry_run:
        write(settings.output, settings.checksums_name, checksums_text(summed))
        write(settings.output, settings.manifest_name, text)
        written = [(settings.manifest_name, "application/json"), (settings.checksums_name, "text/plain")]
    about = {
        "path": settings.manifest_name,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "files": metrics["delivery_files"],
        "bytes": metrics["delivery_bytes"],
    }
    suffix = " (dry run: nothing written)" if dry_run else ""
    return Report(
        "pass",
        f"{about['files']} file{'s' if about['files'] != 1 else ''}, {about['bytes']} bytes{suffix}",
        found[:REMARKS_MAX],
        metadata={"delivery_manifest": about},
        artifacts=written,
        metrics=metrics,
    )


def _without_own(tree, settings):
    """What is ignored, and what an earlier run wrote, is no part of it."""
    own = {settings.manifest_name, settings.checksums_name} if settings.output == settings.directory else set()
    ignored = settings.ignore

    def counts(path):
        return path not in own and not any(pattern.matches(path) for pattern in ignored)

    return Tree(
        [file for file in tree.files if counts(file.path)],
        [path for path in tree.strange if counts(path)],
    )


def _named(pointer, metadata):
    if pointer is None:
        return []
    value = metadata
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise DeliveryError(f"expected_from: at {pointer} of the metadata there is no list of paths")
    return value
