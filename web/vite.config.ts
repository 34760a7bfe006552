import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

/** Where `vite dev` finds the API. The built dashboard is served by the API itself, on one origin. */
const api = process.env['SERVERKIT_API'] ?? 'http://127.0.0.1:4000';

/** The same sources give the same build, whenever and wherever it is made. */
function sourceVersion(): string {
  const hash = createHash('sha256');
  const files = ['src', 'static'].flatMap((folder) =>
    readdirSync(join(import.meta.dirname, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`),
  );
  for (const file of [...files, join(import.meta.dirname, 'package.json')].toSorted()) {
    hash.update(relative(import.meta.dirname, file)).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}

interface Generated {
  /** @returns an empty object for a text that was not there when the documents were generated */
  readonly graphql: (source: string) => { readonly toString: () => string };
}
const load: (url: string) => Promise<Generated> = (url) => import(url);

/**
 * Puts the text that is sent to the API, fragments and all, in the place of each graphql(`…`). What is generated holds
 * every document of every page, twice, and would be part of the first load.
 */
function documentTexts(): Plugin {
  const generated = join(import.meta.dirname, 'src/lib/generated/gql.ts');
  return {
    name: 'serverkit:document-texts',
    enforce: 'pre',
    async transform(code, id) {
      if (id === generated) return { code: 'export const graphql = (text) => text;', map: null };
      if (!/\.(svelte|ts)$/.test(id) || !code.includes('graphql(`')) return null;
      const { graphql } = await load(`${pathToFileURL(generated).href}?${statSync(generated).mtimeMs}`);
      const texts = code.replaceAll(/graphql\(`([^`]*)`\)/g, (_all, source: string) => {
        const text = graphql(source).toString();
        if (!text.includes('{')) this.error(`not among the generated documents: ${source}`);
        // Nothing in a document but its strings minds how it is laid out, and they have no line ends.
        return `/* @__PURE__ */ graphql(${JSON.stringify(text.replaceAll(/\s*\n\s*/g, ' ').trim())})`;
      });
      return { code: texts, map: null };
    },
  };
}

export default defineConfig({
  plugins: [
    documentTexts(),
    tailwindcss(),
    sveltekit({
      adapter: adapter({ pages: 'build', fallback: 'index.html', precompress: true }),
      // A newer dashboard arrives with a newer API, which ends the socket: no need to ask every hour.
      version: { pollInterval: 0, name: sourceVersion() },
      csp: {
        mode: 'hash',
        directives: {
          'default-src': ['self'],
          'script-src': ['self'],
          'style-src': ['self'],
          // The one style attribute there is: SvelteKit's own, on the element that announces a new page.
          'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
          'img-src': ['self', 'data:'],
          'font-src': ['self'],
          'connect-src': ['self'],
          'object-src': ['none'],
          'base-uri': ['none'],
          'form-action': ['self'],
        },
      },
    }),
  ],
  server: {
    proxy: {
      '/graphql': { target: api, ws: true },
      '/install.sh': { target: api },
      '/files': { target: api },
      '/logs': { target: api },
      '/terminals': { target: api },
      '/hooks': { target: api },
    },
  },
  build: {
    target: 'es2023',
    // The content security policy allows fonts and scripts from our own origin only, so nothing is inlined as data.
    assetsInlineLimit: 0,
  },
  environments: {
    client: {
      build: {
        rolldownOptions: {
          output: {
            // Each icon is some hundred bytes: in files of their own they were a fifth of what a page asks for.
            codeSplitting: { groups: [{ name: 'icons', test: /@lucide[\\/]svelte[\\/]dist[\\/]icons/ }] },
          },
        },
      },
    },
  },
});
