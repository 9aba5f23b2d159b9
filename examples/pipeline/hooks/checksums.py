"""post_segment, post_delivery: SHA-256 into the metadata.

Also of the files that hooks before this one have made (`previous_results`).
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

paths = [call["segment_path"]]
for previous in call["previous_results"]:
    for artifact in (previous["result"] or {}).get("artifacts") or []:
        paths.append(os.path.join(os.path.dirname(call["segment_path"]), artifact["path"]))

sums = {}
total = 0
for path in paths:
    sums[os.path.basename(path)] = sha256(path)
    total += os.path.getsize(path)
    print(f"{sums[os.path.basename(path)]}  {os.path.basename(path)}")

result = {
    "status": "pass",
    "message": f"{len(sums)} file{'s' if len(sums) != 1 else ''}, {total} bytes",
    "metadata": {"sha256": sums},
    "metrics": {"bytes": total},
}
with open(os.environ["STAGEHOOK_RESULT_FILE"], "w", encoding="utf-8") as file:
    json.dump(result, file)
