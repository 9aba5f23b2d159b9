// What Stagehook provides, for tests: remembers what was logged.
import type * as host from 'stagehook:hook/host@0.2.0';

export const logged: string[] = [];

export const log: typeof host.log = (level, message) => void logged.push(`${level}: ${message}`);
export const progress: typeof host.progress = () => {};
export const remainingMs: typeof host.remainingMs = () => 30_000n;
