/**
 * Prints the reference of the public API, `docs/reference.md`, from the descriptions in `api/schema.graphql`, and the
 * table of error codes in `docs/api.md` from the codes themselves. With --check it writes nothing and fails when a file is
 * not what would be printed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { format, resolveConfig } from 'prettier';
import { errorCodes } from '../api/src/errors.ts';
import { examples } from './reference/examples.ts';
import { cell, table } from './reference/markdown.ts';
import { reference } from './reference/reference.ts';

const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

const introduction = `# Reference

Everything of the schema at \`/graphql\`, printed from its descriptions. How to sign in, page, subscribe and deal with errors
stands in [api.md](api.md).
`;

/** Puts `text` between the two comments that mark the place of \`name\`. */
function between(file: string, name: string, text: string): string {
  const begin = `<!-- printed: ${name} -->`;
  const end = `<!-- /printed: ${name} -->`;
  const [before, rest = ''] = file.split(begin);
  const [, after] = rest.split(end);
  if (before === undefined || after === undefined) throw new Error(`there is no ${begin} … ${end}`);
  return `${before}${begin}\n\n${text}\n\n${end}${after}`;
}

const codes = table(
  ['code', 'meaning'],
  Object.entries(errorCodes).map(([code, { description }]) => [`\`${code}\``, cell(description)]),
);

const printed: readonly (readonly [string, string])[] = [
  [
    'docs/reference.md',
    `${introduction}\n${examples()}\n\n${reference(buildSchema(read('api/schema.graphql')))}\n`,
  ],
  ['docs/api.md', between(read('docs/api.md'), 'error codes', codes)],
];

const check = process.argv.includes('--check');
for (const [file, text] of printed) {
  const formatted = await format(text, { ...(await resolveConfig(file)), filepath: file });
  if (read(file) === formatted) continue;
  if (check) {
    console.error(`${file} is not what the schema prints: run \`npm run print\` and commit it`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, formatted);
    console.log(`printed ${file}`);
  }
}
