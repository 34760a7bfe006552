import { readFileSync } from 'node:fs';

const parseManifest: (text: string) => { readonly version: string } = JSON.parse;

/** The release this is, from the workspace's package.json. */
export const productVersion = parseManifest(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version;
