declare module 'stagehook:hook/host@0.2.0' {
  /**
   * Adds a line to the execution's log. Long messages are cut, and a plugin
   * that logs without end keeps running while its lines are counted and
   * dropped.
   */
  export function log(level: Level, message: string): void;
  /**
   * Tells who is watching how far the work is.
   * 
   * `fraction` is between 0 and 1; other values are brought into that range.
   * Absent: still at work, with no measure of it.
   */
  export function progress(fraction: number | undefined, message: string | undefined): void;
  /**
   * How many milliseconds this call has left before it is ended. Never more
   * than `context.deadline-ms`, and 0 at the end.
   * 
   * New in 0.2.0: with it, long work can stop in time and answer with what it
   * has. A clock of the plugin's own does not tell how long it waited for its
   * turn.
   */
  export function remainingMs(): bigint;
  /**
   * # Variants
   * 
   * ## `"debug"`
   * 
   * ## `"info"`
   * 
   * ## `"warn"`
   * 
   * ## `"error"`
   */
  export type Level = 'debug' | 'info' | 'warn' | 'error';
}
