"""my-script.py: what this hook is for, in one line.

It may read the system, and write to its own directory, where it starts. What
else it may touch its hook says: {"grants": {"segment": "read"}} lets it see the
folder of the segment, under the path that it is told.
"""

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
stagehook.passed(f"{size} bytes", metadata={"checked_by": "my-script.py"})
