import { Group } from "@mantine/core";
import { CopyButton } from "@/parts/copy-button";
import { Facts } from "@/parts/facts";
import { isKnown } from "@/parts/known";
import { Ago, sayBytes } from "@/parts/time";
import { counted } from "@/parts/words";
import { type PluginVersion, saySigned } from "./words";

/** Where a version comes from, and what it is. */
export function AboutVersion({ plugin, usedBy }: { plugin: PluginVersion; usedBy?: number }) {
  return (
    <Facts
      facts={[
        [
          "Made for",
          plugin.hook_points.length > 0 ? (
            <span className="mono">{plugin.hook_points.join(", ")}</span>
          ) : (
            "any trigger"
          ),
        ],
        ["Runs in", isKnown(usedBy) && (usedBy === 0 ? "no hook" : counted(usedBy, "hook"))],
        ["Published", <Ago key="at" at={plugin.created_at} />],
        ["By", plugin.uploaded_by],
        ["Signature", saySigned(plugin)],
        ["Size", sayBytes(plugin.size_bytes)],
        [
          "Digest",
          <Group key="digest" gap={4} wrap="nowrap" align="flex-start">
            <span className="mono" style={{ overflowWrap: "anywhere" }}>
              {plugin.digest}
            </span>
            <CopyButton text={() => plugin.digest} label="Copy the digest" />
          </Group>,
        ],
      ]}
    />
  );
}
