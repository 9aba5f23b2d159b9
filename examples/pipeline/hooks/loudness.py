"""post_segment: refuses a segment whose sound peaks above a limit."""

import argparse
import json
import os
import re
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--peak-db", type=float, required=True)
limit = parser.parse_args().peak_db

call = json.load(sys.stdin)
path = call["segment_path"]
measured = subprocess.run(
    ["ffmpeg", "-nostdin", "-hide_banner", "-i", path, "-vn", "-af", "volumedetect", "-f", "null", "-"],
    stderr=subprocess.PIPE,
    text=True,
    errors="replace",
    check=False,
)
figures = dict(re.findall(r"(max|mean)_volume: (-?[\d.]+) dB", measured.stderr))
if measured.returncode != 0 or "max" not in figures:
    sys.exit(f"ffmpeg cannot measure {os.path.basename(path)}:\n{measured.stderr[-1000:]}")

peak, mean = float(figures["max"]), float(figures["mean"])
result = {
    "status": "pass",
    "message": f"peak {peak:g} dB, limit {limit:g} dB",
    "metadata": {"loudness": {"peak_db": peak, "mean_db": mean}},
    "metrics": {"peak_db": peak, "mean_db": mean},
}
if peak > limit:
    result["status"] = "fail"
    result["annotations"] = [
        {
            "level": "error",
            "code": "loudness",
            "message": f"{peak - limit:.1f} dB above the limit",
            "path": os.path.basename(path),
        }
    ]
with open(os.environ["STAGEHOOK_RESULT_FILE"], "w", encoding="utf-8") as file:
    json.dump(result, file)
