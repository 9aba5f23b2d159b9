// Puts the plugin and the npm packages that it uses into one module.
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: 'src/plugin.ts',
  // What the host provides.
  external: /^(stagehook|wasi):/,
  platform: 'neutral',
  output: { dir: 'dist' },
});
