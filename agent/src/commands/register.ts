import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Arguments } from '../arguments.ts';
import { loadConfig } from '../config/config.ts';
import { editConfig } from '../config/edit.ts';
import * as setting from '../config/values.ts';
import { describe } from '../errors.ts';
import { CommandError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { readIdentity, type Identity } from '../identity/identity.ts';
import { RegistrationError } from '../link/register.ts';
import {
  ceilingToWrite,
  endpointFor,
  logFileToWrite,
  registerHost,
  withAuthority,
  type Trust,
} from '../registration.ts';
import { supervisorOf } from '../supervisor.ts';

export const registerHelp = `serverkit-agent register --server URL [--token-file FILE] [--ca-file FILE] [--ca-sha256 HEX] [--insecure] [-c CONFIG]

Registers this server with a control plane. The token comes from SERVERKIT_TOKEN, from FILE ("-" is standard input), or is
read from standard input; never from the command line, which everyone on this machine can read.

  --server URL       https://serverkit.example.com
  --ca-file FILE     certificate authority of a control plane with a certificate of its own making (PEM)
  --ca-sha256 HEX    fingerprint of that authority; without --ca-file it is fetched and checked against it
  --insecure         talk without encryption to another machine; only for networks trusted end to end
`;

/** `register`: trades a token for an identity, and writes what the agent needs to start. */
export async function registerCommand({ configFile, values, words }: Arguments): Promise<ExitCode> {
  if (words.length > 0)
    throw new CommandError(`What is "${words[0]}"? See serverkit-agent register --help.`, exitCodes.usage);
  const config = loadConfig(configFile, false);
  const server = values.server ?? config.server.url;
  if (server === null) throw new CommandError('Name the control plane: --server https://…', exitCodes.usage);

  const trust = await withAuthority(
    {
      server: checked('--server', () => setting.serverUrl(server)),
      insecure: values.insecure ?? config.server.insecure,
      caFile: values['ca-file'] === undefined ? config.server.caFile : path.resolve(values['ca-file']),
      caSha256: fingerprint(values['ca-sha256']) ?? config.server.caSha256,
    },
    configFile,
  );
  const endpoint = endpointFor(trust);
  const token = readToken(values['token-file']);
  const before = readIdentity(config.agent.stateDir);
  const identity = await attempt(() =>
    registerHost(config, endpoint, token, supervisorOf(process.env, process.ppid)),
  );
  const scopes = ceilingToWrite(config, before, identity.registeredScopes);
  editConfig(configFile, changesFor(trust, identity, scopes, logFileToWrite(config)));
  process.stdout.write(report(identity, configFile, scopes));
  return exitCodes.ok;
}

function fingerprint(value: string | undefined): string | null {
  return value === undefined ? null : checked('--ca-sha256', () => setting.sha256Hex(value));
}

function checked<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CommandError(`${option} ${describe(error)}.`, exitCodes.usage);
  }
}

async function attempt(work: () => Promise<Identity>): Promise<Identity> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RegistrationError) throw new CommandError(error.message);
    throw error;
  }
}

/** SERVERKIT_TOKEN is taken out of the environment, so that nothing started from here inherits it. */
function readToken(file: string | undefined): string {
  const fromEnvironment = process.env['SERVERKIT_TOKEN'];
  delete process.env['SERVERKIT_TOKEN'];
  const token = file === undefined && fromEnvironment ? fromEnvironment : readTokenFile(file ?? '-');
  if (token.trim() === '') throw new CommandError('The registration token is empty.', exitCodes.usage);
  return token.trim();
}

function readTokenFile(file: string): string {
  if (file === '-' && process.stdin.isTTY) {
    process.stderr.write('Paste the registration token and press Enter, then Ctrl-D:\n');
  }
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CommandError(`The registration token cannot be read: ${describe(error)}`, exitCodes.usage);
  }
}

function changesFor(
  trust: Trust,
  identity: Identity,
  scopes: readonly string[] | undefined,
  logFile: string | undefined,
): Parameters<typeof editConfig>[1] {
  return {
    'server.url': trust.server,
    'server.insecure': trust.insecure || undefined,
    'server.ca_file': trust.caFile ?? undefined,
    'server.ca_sha256': trust.caSha256 ?? undefined,
    'agent.id': identity.agentId,
    'agent.name': identity.name,
    ...(scopes === undefined ? {} : { 'security.scopes': scopes }),
    ...(logFile === undefined ? {} : { 'logging.file': logFile }),
  };
}

function report(identity: Identity, configFile: string, scopes: readonly string[] | undefined): string {
  const allowed =
    scopes === undefined ? 'what the configuration allowed before' : scopes.join(' ') || 'nothing';
  return `Registered as "${identity.name}".
The control plane may use here at most: ${allowed}
Change that in ${configFile}, or with: serverkit-agent config allow <scope>
`;
}
