// The tests run in Node, which has no Stagehook: test/host.ts stands in for it.
import { defineConfig } from 'rolldown';
import { resolve } from 'node:path';

export default defineConfig({
  input: 'test/plugin.test.ts',
  platform: 'node',
  resolve: { alias: { 'stagehook:hook/host@0.2.0': resolve('test/host.ts') } },
  output: { dir: 'dist/test' },
});
