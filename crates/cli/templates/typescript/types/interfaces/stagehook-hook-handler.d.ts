/// <reference path="./stagehook-hook-call.d.ts" />
/// <reference path="./stagehook-hook-types.d.ts" />
declare module 'stagehook:hook/handler@0.2.0' {
  /**
   * Runs the hook.
   * 
   * `metadata`, `scene-context` and `settings` are JSON objects. `settings`
   * is the `settings` object of the hook's configuration.
   * 
   * Answer `outcome` with the status `fail` where the media is at fault, and
   * `failure` where the plugin could not do its work.
   */
  export function run(context: Context, metadata: Json, sceneContext: Json, settings: Json): Outcome;
  /**
   * What the plugin is. Called under tight limits and with nothing granted
   * when the plugin is uploaded; the answer must not vary.
   */
  export function describe(): Manifest;
  /**
   * Checks settings when a hook is saved, beyond what the schema can say.
   * Called under tight limits and with nothing granted.
   */
  export function checkSettings(settings: Json): void;
  export type Context = import('stagehook:hook/call@0.2.0').Context;
  export type Failure = import('stagehook:hook/types@0.2.0').Failure;
  export type Json = import('stagehook:hook/types@0.2.0').Json;
  export type Manifest = import('stagehook:hook/types@0.2.0').Manifest;
  export type Outcome = import('stagehook:hook/types@0.2.0').Outcome;
  export type Problem = import('stagehook:hook/types@0.2.0').Problem;
}
