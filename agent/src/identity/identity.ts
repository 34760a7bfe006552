import path from 'node:path';
import { renameSync } from 'node:fs';
import type { PinnedKey, RegistrationAnswer } from '@serverkit/wire/handshake.ts';
import { readIfThere, writeWhole } from '../files.ts';
import { readKey, type KeptKey } from './key-file.ts';

/** Who this agent is, as registration left it. */
export interface Identity {
  readonly agentId: string;
  readonly serverId: string;
  readonly name: string;
  /** The control plane's keys; nobody else is believed. */
  readonly controlKeys: readonly PinnedKey[];
  /** Public name of the agent's own key, which must be the one in the key file. */
  readonly keyId: string;
  /** The ceiling that registration wrote into the configuration. */
  readonly registeredScopes: readonly string[];
  /** ms since 1970. */
  readonly registeredAt: number;
}

export function identityFile(stateDir: string): string {
  return path.join(stateDir, 'identity.json');
}

/** @returns undefined when this host is not registered. @throws Error with a sentence when the file cannot be used */
export function readIdentity(stateDir: string): Identity | undefined {
  return parse(identityFile(stateDir));
}

function parse(file: string): Identity | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (isIdentity(value)) return value;
  } catch {
    // Told below, like anything else that is not an identity.
  }
  throw new Error(`${file} is damaged; register this server again.`);
}

function isIdentity(value: unknown): value is Identity {
  if (typeof value !== 'object' || value === null) return false;
  const record: Partial<Record<keyof Identity, unknown>> = value;
  return (
    typeof record.agentId === 'string' &&
    typeof record.serverId === 'string' &&
    typeof record.name === 'string' &&
    typeof record.keyId === 'string' &&
    Array.isArray(record.controlKeys) &&
    record.controlKeys.every(isPinnedKey)
  );
}

function isPinnedKey(value: unknown): value is PinnedKey {
  if (typeof value !== 'object' || value === null) return false;
  const key: Partial<Record<keyof PinnedKey, unknown>> = value;
  return typeof key.id === 'string' && typeof key.publicKey === 'string' && typeof key.use === 'string';
}

export function identityOf(answer: RegistrationAnswer, keyId: string): Identity {
  return {
    agentId: answer.agentId,
    serverId: answer.serverId,
    name: answer.name,
    controlKeys: answer.keys,
    keyId,
    registeredScopes: answer.scopes,
    registeredAt: Date.now(),
  };
}

/**
 * Puts a new identity and its key in place of those before. Two files cannot change at once, so the identity is laid ready
 * first: should this end in between, {@link recoverIdentity} finishes it.
 */
export function keepIdentity(stateDir: string, identity: Identity, adoptKey: () => void): void {
  writeWhole(nextFile(stateDir), `${JSON.stringify(identity, null, 2)}\n`, 0o600);
  adoptKey();
  renameSync(nextFile(stateDir), identityFile(stateDir));
}

/**
 * The identity and the key that belong together.
 *
 * @returns undefined when this host is not registered
 * @throws Error with a sentence
 */
export function recoverIdentity(
  stateDir: string,
  keyFile: string,
): { readonly identity: Identity; readonly kept: KeptKey } | undefined {
  const kept = readKey(keyFile);
  if (kept && parse(nextFile(stateDir))?.keyId === kept.key.id) {
    renameSync(nextFile(stateDir), identityFile(stateDir));
  }
  const identity = readIdentity(stateDir);
  if (!identity) return undefined;
  if (!kept) throw new Error(`The key ${keyFile} is gone; register this server again.`);
  if (kept.key.id !== identity.keyId) {
    throw new Error(`${keyFile} is not the key of ${identityFile(stateDir)}; register this server again.`);
  }
  return { identity, kept };
}

function nextFile(stateDir: string): string {
  return `${identityFile(stateDir)}.next`;
}
