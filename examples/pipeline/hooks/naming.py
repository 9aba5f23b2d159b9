"""pre_segment: decides what the segment's file is called.

The rule is the first argument, a format with {shot}, {variant} and {number}.
The pipeline uses the name that comes back in the metadata.
"""

import json
import os
import re
import sys

SHOT = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")

call = json.load(sys.stdin)
shot = call["job"]["external_ref"] or ""
if SHOT.fullmatch(shot):
    name = sys.argv[1].format(
        shot=shot,
        variant=call["metadata"]["variant"]["name"],
        number=call["metadata"]["segment"]["number"],
    )
    result = {
        "status": "pass",
        "message": f"named {name}.mp4",
        "metadata": {"segment": {"file_name": f"{name}.mp4"}},
    }
else:
    result = {
        "status": "fail",
        "message": f"the job's reference {shot!r} is no shot name",
        "annotations": [
            {
                "level": "error",
                "code": "naming",
                "message": "a shot is named in lower-case letters, digits and '_', such as bbb_sh010",
            }
        ],
    }

with open(os.environ["STAGEHOOK_RESULT_FILE"], "w", encoding="utf-8") as file:
    json.dump(result, file)
