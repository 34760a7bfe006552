import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { text as readAll } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { createClient, fetchAuthority, ViewerDocument } from '../../src/node.ts';
import { flag, text, type Command, type Run } from '../command.ts';
import { readConfig, writeConfig } from '../config.ts';
import { usage } from '../failure.ts';

export const login: Command = {
  usage: 'login [--url URL]',
  summary: 'sign in to a control plane with an API token',
  help: `The token is read from standard input, or asked for on a terminal: never give it as an argument, which everyone on
the machine can see. It is kept in $XDG_CONFIG_HOME/serverkit/config.json, for your eyes only.

Where ServerKit made its own certificate, name its authority's fingerprint (Settings in the dashboard shows it):
  serverkit login --url https://serverkit.lan:4000 --fingerprint 3f2a…`,
  options: {
    url: { type: 'string' },
    name: { type: 'string' },
    ca: { type: 'string' },
    fingerprint: { type: 'string' },
    insecure: { type: 'boolean' },
  },
  async run(run) {
    const url = await urlOf(run);
    const ca = await authorityOf(run, url);
    const token = await secret(run);
    const insecure = flag(run, 'insecure') || undefined;
    const client = createClient({ url, token, ...(ca && { ca }), ...(insecure && { insecure }) });
    const { viewer } = await client.request(ViewerDocument, {}, { signal: run.signal });
    const name = text(run, 'name') ?? new URL(url).host;
    const { contexts } = readConfig(run.env);
    const file = writeConfig(run.env, {
      current: name,
      contexts: { ...contexts, [name]: { url, token, ca, insecure } },
    });
    if (run.output.json)
      await run.output.object({ context: name, url, user: viewer.user, scopes: viewer.scopes });
    else
      await run.output.line(`Signed in to ${url} as ${viewer.user.name} (context ${name}, kept in ${file}).`);
  },
};

async function urlOf(run: Run): Promise<string> {
  const given = text(run, 'url') ?? run.env['SERVERKIT_URL'];
  const url = given ?? (run.stdin().isTTY ? await ask(run, 'URL of the control plane: ', true) : '');
  if (!URL.canParse(url))
    throw usage('Name the control plane: serverkit login --url https://serverkit.example.com.');
  return new URL(url).origin;
}

async function authorityOf(run: Run, url: string): Promise<string | undefined> {
  const file = text(run, 'ca');
  if (file !== undefined) return readFileSync(file, 'utf8');
  const fingerprint = text(run, 'fingerprint');
  return fingerprint === undefined ? undefined : fetchAuthority(url, fingerprint);
}

async function secret(run: Run): Promise<string> {
  const given = run.stdin().isTTY ? await ask(run, 'API token: ', false) : await readAll(run.stdin());
  const token = given.trim();
  if (!/^[\x21-\x7e]+$/.test(token))
    throw usage('Give the token on standard input: serverkit login --url … < token-file.');
  return token;
}

/** Asks on the terminal, where standard output may be something else. What is typed is not shown unless `echo`. */
async function ask(run: Run, question: string, echo: boolean): Promise<string> {
  process.stderr.write(question);
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: run.stdin(),
    output: echo ? process.stderr : hidden,
    terminal: true,
  });
  try {
    return await lines.question('', { signal: run.signal });
  } finally {
    lines.close();
    if (!echo) process.stderr.write('\n');
  }
}
