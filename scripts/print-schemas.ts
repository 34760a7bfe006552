/**
 * Prints the two contracts from the code that serves them: `wire/agent.graphql`, which the API's documents are
 * generated from, and `api/schema.graphql`, which clients are. With --check it writes nothing and fails when a file is
 * not what the code would print.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isSchema, lexicographicSortSchema, printSchema } from 'graphql';

const contracts = [
  { source: 'agent/src/schema.ts', printed: 'wire/agent.graphql' },
  { source: 'api/src/schema.ts', printed: 'api/schema.graphql' },
] as const;

const check = process.argv.includes('--check');
for (const { source, printed } of contracts) {
  // By a name the compiler does not follow: the two rooms cannot be checked as one program (agent/tsconfig.json).
  const room: unknown = await import(new URL(`../${source}`, import.meta.url).href);
  const schema = Object.values(room ?? {}).find(isSchema);
  if (!schema) throw new Error(`${source} exports no GraphQL schema`);
  // Sorted, so that moving code about does not change the contract.
  const text = `${printSchema(lexicographicSortSchema(schema))}\n`;
  if (existsSync(printed) && readFileSync(printed, 'utf8') === text) continue;
  if (check) {
    console.error(`${printed} is not what ${source} prints: run \`npm run print\` and commit it`);
    process.exitCode = 1;
  } else {
    writeFileSync(printed, text);
    console.log(`printed ${printed}`);
  }
}
// Importing a schema may have opened something that would keep this process alive.
process.exit();
