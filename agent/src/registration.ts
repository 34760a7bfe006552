import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseRegistrationToken } from '@serverkit/wire/handshake.ts';
import { isScopePattern } from '@serverkit/wire/scopes.ts';
import type { Config } from './config/config.ts';
import { probeDocker } from './docker/probe.ts';
import { describe } from './errors.ts';
import { CommandError } from './exit-codes.ts';
import { writeWhole } from './files.ts';
import { fetchAuthority } from './identity/authority.ts';
import { identityOf, keepIdentity, type Identity } from './identity/identity.ts';
import { adoptKey, dropNextKey, dropPendingKey, keyForToken } from './identity/key-file.ts';
import { endpointOf, fingerprintOf, type Endpoint } from './link/endpoint.ts';
import { register, RegistrationError } from './link/register.ts';
import { createFacts, type Facts, type Supervisor } from './system/facts.ts';
import { MountMeter } from './system/mounts.ts';

/** How the control plane is reached and recognised. */
export interface Trust {
  readonly server: string;
  readonly insecure: boolean;
  /** Path of a PEM file. */
  readonly caFile: string | null;
  /** 64 hex digits. */
  readonly caSha256: string | null;
}

/** The same in whatever form the address was written. @throws CommandError */
export function endpointFor(trust: Trust): Endpoint {
  try {
    const ca = trust.caFile === null ? undefined : readAuthority(trust.caFile, trust.caSha256);
    return endpointOf({
      server: trust.server,
      insecure: trust.insecure,
      ...(ca === undefined ? {} : { ca }),
    });
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError(describe(error));
  }
}

function readAuthority(file: string, sha256: string | null): string {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`The certificate authority ${file} cannot be read: ${describe(error)}`);
  }
  if (sha256 !== null && fingerprintOf(pem) !== sha256) {
    throw new CommandError(`${file} is not the certificate authority that was named by its fingerprint.`);
  }
  return pem;
}

/**
 * Fetches the authority that was named by its fingerprint alone and keeps it beside the configuration.
 *
 * @returns the trust with the file's path in it
 */
export async function withAuthority(trust: Trust, configFile: string): Promise<Trust> {
  if (trust.caSha256 === null || trust.caFile !== null) return trust;
  if (!/^(https|wss):/.test(trust.server)) {
    throw new CommandError(
      'A fingerprint of a certificate authority needs an address that begins with https://.',
    );
  }
  const pem = await fetchAuthority(new URL(trust.server), trust.caSha256);
  const caFile = path.join(path.dirname(configFile), 'ca.pem');
  writeWhole(caFile, pem, 0o644);
  return { ...trust, caFile };
}

/**
 * Registers this host, and keeps the identity it was given.
 *
 * @throws RegistrationError, or CommandError with a sentence
 */
export async function registerHost(
  config: Config,
  endpoint: Endpoint,
  token: string,
  supervisor: Supervisor,
): Promise<Identity> {
  const { stateDir } = config.agent;
  const { keyFile } = config.auth;
  const tokenId = parseRegistrationToken(token)?.tokenId;
  if (tokenId === undefined) {
    throw new CommandError('That is not a registration token; copy it again, whole.');
  }
  const { key } = keyForToken(keyFile, tokenId);
  try {
    const facts = await factsOnce(config, supervisor);
    const answer = await register(endpoint, token, key, JSON.stringify(facts));
    const identity = identityOf(answer, key.id);
    keepIdentity(stateDir, identity, () => adoptKey(keyFile, tokenId));
    // Of the identity before.
    dropNextKey(keyFile);
    return identity;
  } catch (error) {
    // A lost answer can be asked for again, with the same key only.
    if (error instanceof RegistrationError && !error.transient) dropPendingKey(keyFile);
    throw error;
  }
}

async function factsOnce(config: Config, supervisor: Supervisor): Promise<Facts> {
  const [docker, mounts] = await Promise.all([
    probeDocker(config.docker.socket, config.docker.timeoutMs),
    new MountMeter().read(),
  ]);
  return createFacts({
    stateDir: config.agent.stateDir,
    supervisor,
    docker: () => docker,
    diskBytes: () => mounts.reduce((sum, mount) => sum + mount.totalBytes, 0),
  }).current();
}

/**
 * The ceiling to write at registration, or undefined to leave what stands there: what somebody on this host wrote is
 * theirs to change; only what an earlier registration wrote gives way to a new one.
 */
export function ceilingToWrite(
  config: Config,
  before: Identity | undefined,
  granted: readonly string[],
): readonly string[] | undefined {
  const { scopes } = config.security;
  const untouched = scopes !== 'managed' && scopes?.join(' ') === before?.registeredScopes.join(' ');
  return scopes === null || untouched ? granted.filter(isScopePattern) : undefined;
}

/** The log file of a host where nothing else keeps what the agent prints. */
export function logFileToWrite(config: Config, folder = '/var/log/serverkit-agent'): string | undefined {
  if (config.logging.file !== null || existsSync('/run/systemd/system') || !existsSync(folder))
    return undefined;
  return path.join(folder, 'agent.log');
}
