#!/bin/sh
# my-script.sh: what this hook is for, in one line.
#
# What it is told is one JSON object, on stdin and in $STAGEHOOK_INPUT_FILE. What
# is needed most is in the environment, too: STAGEHOOK_HOOK_POINT,
# STAGEHOOK_JOB_ID, STAGEHOOK_SEGMENT_PATH; of an event, STAGEHOOK_EVENT and a
# variable for each key of its data. For more, read the file with jq:
#   fps=$(jq -r '.metadata.fps' "$STAGEHOOK_INPUT_FILE")
#
# It may read the system, and write to its own directory, where it starts. What
# else it may touch its hook says: {"grants": {"segment": "read"}} lets it see the
# folder of the segment, under the path that it is told.
set -eu

# stagehook_annotate, _artifact, _metadata, _metric; and to end with an answer
# stagehook_pass, _fail, _skip, _review, _retry_later.
# shellcheck source=/dev/null
. stagehook.sh

segment=${STAGEHOOK_SEGMENT_PATH:-}
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
stagehook_metadata checked_by my-script.sh
stagehook_pass "$bytes bytes"
