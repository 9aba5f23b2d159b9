/** What the server allows a hook that asks for nothing, in the units of its config. */
export const SCRIPT_LIMITS = {
  timeout_seconds: 30,
  cpu_seconds: 600,
  memory_mib: 2_048,
  processes: 256,
  open_files: 1_024,
  file_size_mib: 8_192,
  output_kib: 256,
} as const;

export const WEBHOOK_LIMITS = { timeout_seconds: 10, output_kib: 256 } as const;

export const PLUGIN_LIMITS = {
  timeout_seconds: 30,
  fuel: 10_000_000_000,
  memory_mib: 128,
  output_kib: 64,
} as const;
