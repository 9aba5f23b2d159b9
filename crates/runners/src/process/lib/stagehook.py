"""For hook scripts: what the hook is told, and what it answers.

    import stagehook

    if stagehook.metadata.get("fps") != 24:
        stagehook.annotate("error", "delivery is 24 frames a second", code="fps")
        stagehook.fail("wrong frame rate")
    stagehook.metric("fps", 24)
    stagehook.passed("24 frames a second", metadata={"checked": True})

`passed`, `fail`, `skip`, `needs_review` and `retry_later` write the result and
end the script. A script that ends without any of them passes or fails by its
exit status, and what it annotated, measured and made is written all the same.
Python 3.8 or later, nothing else.
"""

import atexit as _atexit
import json as _json
import math as _math
import os as _os
import sys as _sys

_RESULT_FILE = "STAGEHOOK_RESULT_FILE"
# EX_TEMPFAIL: the hook failed, and another attempt may help.
_RETRY_LATER = 75

_input = None
_result = {}


def input():
    """Everything that the hook is told: the contract's input, as a dictionary."""
    global _input
    if _input is None:
        with open(_os.environ["STAGEHOOK_INPUT_FILE"], encoding="utf-8") as file:
            _input = _json.load(file)
    return _input


# What is asked for most, without brackets: `stagehook.metadata["fps"]`.
_PARTS = {
    "segment_path": "the path of the file at hand, or None",
    "metadata": "what is known so far",
    "scene_context": "the scene",
    "job": "the job, or None",
    "hook_config": "the hook's own config",
    "data": "the event's data; None for a stage",
    "previous_results": "what the hooks before this one came to",
    "dry_run": "whether it is a test: nothing must be changed for good",
}


def __getattr__(name):
    if name in _PARTS:
        return input().get(name)
    raise AttributeError(f"module 'stagehook' has no attribute {name!r}")


def __dir__():
    return sorted(set(globals()) | set(_PARTS))


def annotate(level, message, code=None, path=None, start_ms=None, end_ms=None):
    """Remarks on a file or a span of it. The level is info, warning or error; the
    code is a stable short name."""
    if level not in ("info", "warning", "error"):
        raise ValueError(f"level must be info, warning or error, not {level!r}")
    remark = {
        "level": level,
        "message": str(message),
        "code": code,
        "path": None if path is None else _os.fspath(path),
        "start_ms": start_ms,
        "end_ms": end_ms,
    }
    _add("annotations", _given(remark))


def artifact(path, mime=None):
    """Names a file that the hook made."""
    _add("artifacts", _given({"path": _os.fspath(path), "mime": mime}))


def metric(name, value):
    """Gives a measurement, a finite number."""
    if not _math.isfinite(value):
        raise ValueError(f"metric {name!r} must be a finite number, not {value!r}")
    _result.setdefault("metrics", {})[name] = float(value)


def patch(metadata):
    """Lays a merge patch (RFC 7396) over the metadata: null removes a key."""
    _merge(_result.setdefault("metadata", {}), metadata)


def passed(message=None, metadata=None, annotations=(), artifacts=(), metrics=None):
    """All is well. Ends the script."""
    _end("pass", message, metadata, annotations, artifacts, metrics)


def fail(message=None, metadata=None, annotations=(), artifacts=(), metrics=None):
    """Something is wrong. Ends the script."""
    _end("fail", message, metadata, annotations, artifacts, metrics)


def skip(message=None, metadata=None, annotations=(), artifacts=(), metrics=None):
    """The hook does not apply. Ends the script."""
    _end("skip", message, metadata, annotations, artifacts, metrics)


def needs_review(message=None, metadata=None, annotations=(), artifacts=(), metrics=None):
    """A person should look. Ends the script."""
    _end("needs_review", message, metadata, annotations, artifacts, metrics)


def retry_later(message=None):
    """It did not work this time, and another attempt may help. Ends the script.

    A stage takes it for a failure; an event is delivered again.
    """
    _end("fail", message, None, (), (), None, exit_status=_RETRY_LATER)


def _end(status, message, metadata, annotations, artifacts, metrics, exit_status=0):
    _result["status"] = status
    if message is not None:
        _result["message"] = str(message)
    if metadata:
        patch(metadata)
    for remark in annotations:
        annotate(**remark)
    for made in artifacts:
        artifact(**(made if isinstance(made, dict) else {"path": made}))
    for name, value in (metrics or {}).items():
        metric(name, value)
    _write()
    _sys.exit(exit_status)


def _add(key, item):
    _result.setdefault(key, []).append(item)


def _given(fields):
    return {key: value for key, value in fields.items() if value is not None}


def _merge(target, change):
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = value


def _write():
    """Writes the result so that it is there whole or not at all."""
    path = _os.environ[_RESULT_FILE]
    fresh = path + ".new"
    text = _json.dumps(_result, ensure_ascii=False, allow_nan=False)
    # The name of a file need not be text; what is none of it becomes U+FFFD.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    with open(fresh, "w", encoding="utf-8") as file:
        file.write(text)
    _os.replace(fresh, path)


@_atexit.register
def _write_at_the_end():
    # Also what came after the status, from a `finally` say.
    if _result and _RESULT_FILE in _os.environ:
        _write()
