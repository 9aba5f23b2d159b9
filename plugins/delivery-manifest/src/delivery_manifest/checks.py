"""What is missing, too many, too small, unexpected."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Remark:
    level: str
    code: str
    message: str
    path: str | None = None


def remarks(tree, settings, named):
    """What is wrong with the files of a delivery. `named` are relative paths
    that have to be there, beside what the settings expect."""
    for path in tree.strange:
        yield Remark("error", "delivery.not-a-file", f"{path} is neither a file nor a folder", path)
    known = set()
    for rule in settings.expected:
        matching = [file for file in tree.files if rule.pattern.matches(file.path)]
        known.update(file.path for file in matching)
        yield from _counted(rule, len(matching))
        for file in matching:
            if file.size_bytes < rule.min_bytes:
                message = f"{file.path} has {file.size_bytes} bytes, at least {rule.min_bytes} are expected"
                yield Remark("error", "delivery.too-small", message, file.path)
    there = {file.path for file in tree.files}
    for path in named:
        known.add(path)
        if path not in there:
            yield Remark("error", "delivery.missing", f"{path} is missing", path)
    if settings.unexpected != "allow":
        level = "error" if settings.unexpected == "fail" else "warning"
        for path in sorted(there - known):
            yield Remark(level, "delivery.unexpected", f"{path} is expected by nothing", path)


def _counted(rule, count):
    if count < rule.at_least:
        found = f"{count} of at least {rule.at_least}" if rule.at_least > 1 else "none"
        yield Remark("error", "delivery.missing", f"{rule.pattern}: {found} there")
    elif rule.at_most is not None and count > rule.at_most:
        yield Remark("error", "delivery.too-many", f"{rule.pattern}: {count} there, at most {rule.at_most} expected")
