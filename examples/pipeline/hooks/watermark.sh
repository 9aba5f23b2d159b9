#!/bin/sh
# post_segment: a copy of the segment with the logo over it, beside the segment.
# $LOGO comes from the hook's config, the rest from Stagehook.
set -eu

segment=$STAGEHOOK_SEGMENT_PATH
marked=${segment%.*}.marked.mp4

ffmpeg -nostdin -hide_banner -v warning -y -i "$segment" -i "$LOGO" \
  -filter_complex '[1]format=rgba,colorchannelmixer=aa=0.5[logo];[0][logo]overlay=W-w-32:H-h-32' \
  -c:v libx264 -preset veryfast -crf 18 -pix_fmt yuv420p -c:a copy "$marked"

name=$(basename "$marked")
# The pipeline chooses the names of its segments: none has a quote in it.
printf '{"status": "pass", "message": "wrote %s", "artifacts": [{"path": "%s", "mime": "video/mp4"}]}' \
  "$name" "$name" > "$STAGEHOOK_RESULT_FILE"
