import { compileModule } from 'svelte/compiler';
import type { Plugin } from 'vite';

/** For tests of what the dashboard holds: compiled as for a server, runes are plain values. */
export const runes: Plugin = {
  name: 'runes',
  enforce: 'post',
  transform(code, id) {
    return id.endsWith('.svelte.ts')
      ? compileModule(code, { filename: id, generate: 'server' }).js
      : undefined;
  },
};
