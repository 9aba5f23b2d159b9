/// <reference path="./interfaces/stagehook-hook-call.d.ts" />
/// <reference path="./interfaces/stagehook-hook-handler.d.ts" />
/// <reference path="./interfaces/stagehook-hook-host.d.ts" />
/// <reference path="./interfaces/stagehook-hook-types.d.ts" />
declare module 'stagehook:hook/plugin@0.2.0' {
  export type * as StagehookHookCall020 from 'stagehook:hook/call@0.2.0'; // import stagehook:hook/call@0.2.0
  export type * as StagehookHookHost020 from 'stagehook:hook/host@0.2.0'; // import stagehook:hook/host@0.2.0
  export type * as StagehookHookTypes020 from 'stagehook:hook/types@0.2.0'; // import stagehook:hook/types@0.2.0
  export * as handler from 'stagehook:hook/handler@0.2.0'; // export stagehook:hook/handler@0.2.0
}
