/** What a new script begins with; each runs as it is. */
export const SCRIPT_TEMPLATES = {
  python: `"""What this hook is for, in one line."""

import os

# What it is told: stagehook.input() is everything; stagehook.segment_path,
# .metadata, .scene_context, .job, .data (of an event) are parts of it.
# What it answers: stagehook.annotate, .artifact, .patch, .metric; and to end
# with an answer .passed, .fail, .skip, .needs_review, .retry_later.
import stagehook

segment = stagehook.segment_path
if segment is None:
    stagehook.skip("this stage has no segment")

try:
    size = os.path.getsize(segment)
except OSError:
    size = 0
if size == 0:
    stagehook.annotate("error", "the segment is missing or empty", code="empty", path=segment)
    stagehook.fail("there is nothing in the segment")

# What is printed is kept in the log.
print(f"{segment} has {size} bytes")

stagehook.metric("bytes", size)
stagehook.passed(f"{size} bytes")
`,
  shell: `#!/bin/sh
# What this hook is for, in one line.
#
# What it is told is one JSON object, on stdin and in $STAGEHOOK_INPUT_FILE. What
# is needed most is in the environment, too: STAGEHOOK_HOOK_POINT,
# STAGEHOOK_JOB_ID, STAGEHOOK_SEGMENT_PATH. For more, read the file with jq:
#   fps=$(jq -r '.metadata.fps' "$STAGEHOOK_INPUT_FILE")
set -eu

# stagehook_annotate, _artifact, _metadata, _metric; and to end with an answer
# stagehook_pass, _fail, _skip, _review, _retry_later.
. stagehook.sh

segment=\${STAGEHOOK_SEGMENT_PATH:-}
if [ -z "$segment" ]; then
  stagehook_skip "this stage has no segment"
fi
if [ ! -s "$segment" ]; then
  stagehook_annotate error empty "the segment is missing or empty" "$segment"
  stagehook_fail "there is nothing in the segment"
fi

bytes=$(($(wc -c < "$segment")))
# What is printed is kept in the log.
echo "$segment has $bytes bytes"

stagehook_metric bytes "$bytes"
stagehook_pass "$bytes bytes"
`,
} as const;
