import { readFileSync } from 'node:fs';

/** The examples that GraphiQL offers, by area, as files of graphiql/examples. */
const areas: readonly (readonly [area: string, files: readonly string[]])[] = [
  ['Servers', ['servers', 'overview', 'groups']],
  ['Metrics', ['metrics', 'history']],
  ['Containers', ['containers', 'container-events', 'restart-container', 'bulk', 'logs']],
  ['People and tokens', ['viewer', 'users', 'tokens']],
  ['Audit and keys', ['audit', 'verify-audit', 'keys']],
];

/** An example for each area. The blocks say under which name a test runs them. */
export function examples(): string {
  const sections = areas.map(([area, files]) => {
    const blocks = files.map((file) => {
      const text = readFileSync(`graphiql/examples/${file}.graphql`, 'utf8').trim();
      return `\`\`\`graphql run=${file}\n${text}\n\`\`\``;
    });
    return [`### ${area}`, ...blocks].join('\n\n');
  });
  return ['## Examples', 'GraphiQL, at `/graphiql`, offers the same.', ...sections].join('\n\n');
}
