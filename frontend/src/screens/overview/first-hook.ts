/** The hook that a new studio can begin with. */
import type { Schemas } from "@/api/client";

export const FIRST_SCRIPT_PATH = "hello.sh";

export const FIRST_SCRIPT = `#!/bin/sh
# What is printed is kept as the log. What is written to the result file is the answer.
echo "asked at $STAGEHOOK_HOOK_POINT about \${STAGEHOOK_SEGMENT_PATH:-no file}"
echo '{"message": "the first hook ran", "metadata": {"first_hook": "was here"}}' \\
  > "$STAGEHOOK_RESULT_FILE"
`;

export const FIRST_HOOK: Schemas["HookRequest"] = {
  name: "hello",
  description: "Says which file it was asked about.",
  hook_type: "shell",
  hook_point: "post_segment",
  scope_type: "studio",
  failure_mode: "warn",
  config: { script_path: FIRST_SCRIPT_PATH },
};
