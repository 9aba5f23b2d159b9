/** How much a hook may use, each limit with what it is where nothing is said. */
import { SimpleGrid } from "@mantine/core";
import { PLUGIN_LIMITS, SCRIPT_LIMITS } from "@/parts/usual-limits";
import { NumberField } from "./field";

/** Of a script: the whole tree of its processes, unless said otherwise. */
export function ScriptLimits() {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
      <NumberField
        pointer="/config/timeout_seconds"
        label="Time"
        help="Then it is ended, with all that it started."
        usual={SCRIPT_LIMITS.timeout_seconds}
        unit="s"
        min={1}
        max={86_400}
      />
      <NumberField
        pointer="/config/limits/cpu_seconds"
        label="Processor time"
        help="Of all its processes together."
        usual={SCRIPT_LIMITS.cpu_seconds}
        unit="s"
        min={1}
      />
      <NumberField
        pointer="/config/limits/memory_mib"
        label="Memory"
        help="Of all its processes together."
        usual={SCRIPT_LIMITS.memory_mib}
        unit="MiB"
        min={1}
      />
      <NumberField
        pointer="/config/limits/processes"
        label="Processes"
        help="Processes and threads at once."
        usual={SCRIPT_LIMITS.processes}
        min={1}
      />
      <NumberField
        pointer="/config/limits/open_files"
        label="Open files"
        help="Of each process."
        usual={SCRIPT_LIMITS.open_files}
        min={1}
      />
      <NumberField
        pointer="/config/limits/file_size_mib"
        label="Size of a file"
        help="Of each file that it writes."
        usual={SCRIPT_LIMITS.file_size_mib}
        unit="MiB"
        min={1}
      />
      <NumberField
        pointer="/config/limits/output_kib"
        label="Output kept"
        help="Of what it prints, the beginning and the end."
        usual={SCRIPT_LIMITS.output_kib}
        unit="KiB"
        min={1}
      />
    </SimpleGrid>
  );
}

export function PluginLimits() {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
      <NumberField
        pointer="/config/limits/timeout_seconds"
        label="Time"
        help="Calls to the host included. Then it is ended."
        usual={PLUGIN_LIMITS.timeout_seconds}
        unit="s"
        min={1}
        max={3_600}
      />
      <NumberField
        pointer="/config/limits/fuel"
        label="Fuel"
        help="About one unit for each instruction."
        usual={PLUGIN_LIMITS.fuel}
        min={1}
      />
      <NumberField
        pointer="/config/limits/memory_mib"
        label="Memory"
        help="All memories and tables together."
        usual={PLUGIN_LIMITS.memory_mib}
        unit="MiB"
        min={1}
      />
      <NumberField
        pointer="/config/limits/output_kib"
        label="Output kept"
        help="Of what it prints, the beginning and the end."
        usual={PLUGIN_LIMITS.output_kib}
        unit="KiB"
        min={1}
      />
    </SimpleGrid>
  );
}
