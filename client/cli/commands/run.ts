import { readFileSync } from 'node:fs';
import { parse } from '@0no-co/graphql.web';
import { text as readAll } from 'node:stream/consumers';
import { list, text, type Command, type Run } from '../command.ts';
import { usage } from '../failure.ts';

export const run: Command = {
  usage: 'run FILE.graphql [--variables JSON] [--var NAME=VALUE]…',
  summary: 'send an operation of your own; - reads it from standard input',
  help: 'Prints the data as JSON; of a subscription, one object per event. --var takes text, or JSON where it is some.',
  options: { variables: { type: 'string' }, var: { type: 'string', multiple: true } },
  async run(given) {
    const [file] = given.positionals;
    if (file === undefined) throw usage(`Write: serverkit ${this.usage}.`);
    const document = file === '-' ? await readAll(given.stdin()) : readFileSync(file, 'utf8');
    const variables = variablesOf(given);
    const { output, signal } = given;
    const client = given.client();
    if (!isSubscription(document)) {
      await output.object(await client.request(document, variables, { signal }));
      return;
    }
    for await (const event of client.subscribe(document, variables, { signal })) await output.object(event);
  },
};

function isSubscription(document: string): boolean {
  try {
    return parse(document).definitions.some((one) => 'operation' in one && one.operation === 'subscription');
  } catch (error) {
    throw usage(`The document cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function variablesOf(given: Run): Record<string, unknown> {
  const all: unknown = json(text(given, 'variables') ?? '{}');
  if (typeof all !== 'object' || all === null || Array.isArray(all))
    throw usage('--variables takes a JSON object.');
  const single = list(given, 'var').map((pair): [string, unknown] => {
    const at = pair.indexOf('=');
    if (at < 1) throw usage('--var takes NAME=VALUE.');
    return [pair.slice(0, at), json(pair.slice(at + 1), pair.slice(at + 1))];
  });
  return { ...all, ...Object.fromEntries(single) };
}

function json(value: string, otherwise?: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    if (otherwise !== undefined) return otherwise;
    throw usage('--variables takes a JSON object.');
  }
}
