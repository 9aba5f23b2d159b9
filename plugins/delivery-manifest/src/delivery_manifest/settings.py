"""The settings, parsed and checked."""

from dataclasses import dataclass, field

from .about import ABOUT
from .faults import DeliveryError
from .patterns import Pattern

_PROPERTIES = ABOUT["settings_schema"]["properties"]
_RULE_KEYS = _PROPERTIES["expected"]["items"]["properties"]
_DEFAULT_IGNORE = _PROPERTIES["ignore"]["default"]


@dataclass(frozen=True)
class Rule:
    """One kind of file that has to be there, and how often."""

    pattern: Pattern
    at_least: int = 1
    at_most: int | None = None
    min_bytes: int = 1


@dataclass(frozen=True)
class Settings:
    directory: str = "/delivery"
    output: str = "/delivery"
    expected: tuple[Rule, ...] = ()
    expected_from: str | None = None
    unexpected: str = "allow"
    ignore: tuple[Pattern, ...] = field(default_factory=lambda: tuple(map(Pattern, _DEFAULT_IGNORE)))
    manifest_name: str = "manifest.json"
    checksums_name: str = "SHA256SUMS"

    @classmethod
    def parse(cls, given):
        problems = problems_of(given)
        if problems:
            raise DeliveryError("settings: " + "; ".join(f"{pointer or '/'} {detail}" for pointer, detail in problems))
        directory = given.get("directory", cls.directory)
        return cls(
            directory=directory,
            output=given.get("output", directory),
            expected=tuple(
                Rule(Pattern(rule["path"]), rule.get("min", 1), rule.get("max"), rule.get("min_bytes", 1))
                for rule in given.get("expected", [])
            ),
            expected_from=given.get("expected_from"),
            unexpected=given.get("unexpected", cls.unexpected),
            ignore=tuple(map(Pattern, given.get("ignore", _DEFAULT_IGNORE))),
            manifest_name=given.get("manifest_name", cls.manifest_name),
            checksums_name=given.get("checksums_name", cls.checksums_name),
        )


def problems_of(given):
    """What is wrong, as (JSON pointer, detail)."""
    if not isinstance(given, dict):
        return [("", "must be an object")]
    return list(_problems(given))


def _problems(given):
    yield from _unknown(given, _PROPERTIES, "")
    for key in ("directory", "output", "expected_from"):
        if key in given and not (_is_text(given[key]) and given[key].startswith("/")):
            yield f"/{key}", "must begin with /"
    for key in ("manifest_name", "checksums_name"):
        if key in given and not (_is_text(given[key]) and "/" not in given[key] and given[key] not in (".", "..")):
            yield f"/{key}", "must be the name of a file, without a folder"
    names = [given.get(key, _PROPERTIES[key]["default"]) for key in ("manifest_name", "checksums_name")]
    if names[0] == names[1]:
        yield "/checksums_name", "must differ from manifest_name"
    if given.get("unexpected", "allow") not in _PROPERTIES["unexpected"]["enum"]:
        yield "/unexpected", "must be one of allow, warn, fail"
    yield from _pattern_problems(given.get("ignore", []))
    expected = given.get("expected", [])
    if not isinstance(expected, list):
        yield "/expected", "must be a list"
        return
    for i, rule in enumerate(expected):
        yield from _rule_problems(rule, f"/expected/{i}")


def _pattern_problems(ignore):
    if not isinstance(ignore, list):
        yield "/ignore", "must be a list"
        return
    for i, pattern in enumerate(ignore):
        if not _is_text(pattern):
            yield f"/ignore/{i}", "must be a pattern such as **/*.tmp"


def _rule_problems(rule, at):
    if not isinstance(rule, dict):
        yield at, "must be an object"
        return
    yield from _unknown(rule, _RULE_KEYS, at)
    path = rule.get("path")
    if not _is_text(path) or path.startswith("/") or ".." in path.split("/"):
        yield f"{at}/path", "must be a path relative to the delivery, such as picture/*.mov"
    wrong = [key for key in ("min", "max", "min_bytes") if key in rule and not _is_count(rule[key])]
    for key in wrong:
        yield f"{at}/{key}", "must be a whole number, 0 or more"
    if not wrong and "max" in rule and rule["max"] < rule.get("min", 1):
        yield f"{at}/max", "must not be less than min (which is 1 where it is absent)"


def _unknown(given, known, at):
    for key in given:
        if key not in known:
            escaped = key.replace("~", "~0").replace("/", "~1")
            yield f"{at}/{escaped}", f"is not known here; known: {', '.join(known)}"


def _is_text(value):
    return isinstance(value, str) and value != ""


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
