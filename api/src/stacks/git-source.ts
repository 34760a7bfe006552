import type { GitSource } from '@serverkit/prisma/generated/client/client.ts';
import { gitProtocol } from '@serverkit/wire/git-source.ts';
import type { AgentScope } from '@serverkit/wire/scopes.ts';
import type { Actor } from '../audit/actor.ts';
import { ServerKitError } from '../errors.ts';
import type { GitSourceInput } from '../generated/agent/graphql.ts';
import type { Vault } from '../secrets/vault.ts';

/** What proves to a repository who asks; at most one of them. */
export interface GitCredential {
  readonly username?: string | null | undefined;
  /** For https. */
  readonly token?: string | null | undefined;
  /** For ssh. */
  readonly privateKey?: string | null | undefined;
}

/** On whose behalf a repository is asked and a stack deployed. */
export interface GitBy {
  readonly actor: Actor;
  /** Whom the agent's own audit names. */
  readonly asker: string;
  /** Of what a deployment may take besides. */
  readonly held: readonly AgentScope[];
}

export type Stored = Pick<GitSource, 'id' | 'url'>;

/** With the address: whoever can write to the database alone cannot have a credential sent elsewhere. */
const credentialOf = ({ id, url }: Stored): string => `git-source:${id}:${url}`;

/** Below the address of the control plane; the id of a source follows. */
export const hookPath = '/hooks/git/';

export const hookOf = ({ id }: Pick<GitSource, 'id'>): string => `git-hook:${id}`;

export function sealed(vault: Vault, text: string, context: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(vault.seal(Buffer.from(text), context));
}

/** @throws ServerKitError INPUT_INVALID for a credential that the address has no use for */
export function sealCredential(
  vault: Vault,
  source: Stored,
  { username, token, privateKey }: GitCredential,
): Pick<GitSource, 'credential' | 'sealedCredential' | 'username'> {
  if (token && privateKey) throw new ServerKitError('INPUT_INVALID', 'Give a token or a key, not both.');
  const secret = token ?? privateKey ?? null;
  if (secret === null || secret === '') return { credential: 'none', sealedCredential: null, username: null };
  if ((gitProtocol(source.url) === 'https') !== Boolean(token)) {
    throw new ServerKitError('INPUT_INVALID', 'An https address takes a token, an ssh address a key.');
  }
  return {
    credential: token ? 'token' : 'key',
    sealedCredential: sealed(vault, secret, credentialOf(source)),
    username: token ? username || 'git' : null,
  };
}

/** For the variables of one operation, and nothing else. @throws VaultError */
export function sourceInput(vault: Vault, row: GitSource): GitSourceInput {
  const { url, branch, path, username, credential, sealedCredential, knownHosts } = row;
  const secret = sealedCredential && vault.open(sealedCredential, credentialOf(row)).toString();
  return {
    url,
    branch,
    path,
    username,
    token: credential === 'token' ? secret : null,
    privateKey: credential === 'key' ? secret : null,
    knownHosts,
  };
}
