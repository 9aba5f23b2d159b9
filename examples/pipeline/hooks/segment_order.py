"""pre_concatenation: nothing missing, nothing changed, no gap; answers the order.

`segments` in the metadata says of each: number, file_name, sha256, start_ms,
duration_ms. The files lie beside the edit list that the stage is called with.
"""

import hashlib
import json
import os
import sys


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


call = json.load(sys.stdin)
folder = os.path.dirname(call["segment_path"])
segments = sorted(call["metadata"]["segments"], key=lambda segment: segment["number"])


def faults():
    end = 0
    for number, segment in enumerate(segments, start=1):
        name = segment["file_name"]
        if segment["number"] != number:
            yield "missing", f"segment {number} is missing", None
        if segment["start_ms"] != end:
            yield "gap", f"{name} begins at {segment['start_ms']} ms, the one before it ends at {end} ms", name
        end = segment["start_ms"] + segment["duration_ms"]
        try:
            digest = sha256(os.path.join(folder, name))
        except OSError as error:
            yield "missing", f"{name}: {error.strerror}", name
            continue
        # A segment that no checksum was taken of has nothing to be held to.
        if segment.get("sha256") not in (None, digest):
            yield "changed", f"{name} has changed since its checksum was taken", name
    whole = call["metadata"]["variant"]["duration_ms"]
    if abs(end - whole) > 1:
        yield "gap", f"the segments end at {end} ms, the variant at {whole} ms", None


found = [
    {"level": "error", "code": code, "message": message} | ({"path": path} if path else {})
    for code, message, path in faults()
]
result = {
    "status": "fail" if found else "pass",
    "message": found[0]["message"] if found else f"{len(segments)} segments, complete and unchanged",
    "annotations": found,
    "metadata": {"order": [segment["file_name"] for segment in segments]},
}
with open(os.environ["STAGEHOOK_RESULT_FILE"], "w", encoding="utf-8") as file:
    json.dump(result, file)
