import path from 'node:path';
import { isApprovedSuccession, type ApprovedSuccession } from '@serverkit/wire/agent-keys.ts';
import { isKeySetVersion, type KeySetVersion, type PinnedKey } from '@serverkit/wire/control-keys.ts';
import type { RegistrationAnswer } from '@serverkit/wire/handshake.ts';
import { systemCode } from '../errors.ts';
import { readIfThere, renameDurably, writeWhole } from '../files.ts';
import { readKey, type KeptKey } from './key-file.ts';

/** Who this agent is: as registration left it, with the keys that took each other's place since. */
export interface Identity {
  readonly agentId: string;
  readonly serverId: string;
  readonly name: string;
  /** The control plane's keys; nobody else is believed. */
  readonly controlKeys: readonly PinnedKey[];
  /** Which set these are; absent from what agents wrote that pinned for good. */
  readonly keySet?: KeySetVersion;
  /** Public name of the agent's own key, which must be the one in the key file. */
  readonly keyId: string;
  /** The ceiling that registration wrote into the configuration. */
  readonly registeredScopes: readonly string[];
  /** ms since 1970. */
  readonly registeredAt: number;
  /** How the key came to be this one: each step signed by the key before it. */
  readonly chain?: readonly ApprovedSuccession[];
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
    record.controlKeys.every(isPinnedKey) &&
    (record.keySet === undefined || isKeySetVersion(record.keySet)) &&
    (record.chain === undefined || (Array.isArray(record.chain) && record.chain.every(isApprovedSuccession)))
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
    ...(answer.keySet ? { keySet: answer.keySet } : {}),
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
  writeWhole(nextFile(stateDir), textOf(identity), 0o600);
  adoptKey();
  finish(stateDir);
}

/** Changes what stands beside the key; the key stays. */
export function rewriteIdentity(stateDir: string, identity: Identity): void {
  writeWhole(identityFile(stateDir), textOf(identity), 0o600);
}

function textOf(identity: Identity): string {
  return `${JSON.stringify(identity, null, 2)}\n`;
}

function finish(stateDir: string): void {
  try {
    renameDurably(nextFile(stateDir), identityFile(stateDir));
  } catch (error) {
    // A second process that was just started may have finished it for us.
    if (systemCode(error) !== 'ENOENT') throw error;
  }
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
    finish(stateDir);
  }
  const identity = readIdentity(stateDir);
  if (!identity) return undefined;
  if (!kept) throw new Error(`The key ${keyFile} is gone; register this server again.`);
  if (kept.key.id !== identity.keyId) {
    throw new Error(`${keyFile} is not the key of ${identityFile(stateDir)}; register this server again.`);
  }
  return { identity, kept };
}

/** The identity's file, and the one that the next is laid ready in. */
export function identityFiles(stateDir: string): readonly string[] {
  return [identityFile(stateDir), nextFile(stateDir)];
}

function nextFile(stateDir: string): string {
  return `${identityFile(stateDir)}.next`;
}
