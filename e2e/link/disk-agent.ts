import { randomUUID } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { identityOf, keepIdentity } from '../../agent/src/identity/identity.ts';
import { adoptKey, keyForToken, readKey, readNextKey } from '../../agent/src/identity/key-file.ts';
import { openKeyring, type Keyring, type KeyringStep } from '../../agent/src/identity/keyring.ts';
import { endpointOf } from '../../agent/src/link/endpoint.ts';
import type { LinkIdentity } from '../../agent/src/link/link.ts';
import { register } from '../../agent/src/link/register.ts';
import { silentLog } from '../../agent/src/log.ts';
import type { SigningKey } from '@serverkit/wire/bytes.ts';
import type { Rig } from './rig.ts';
import type { TestAgent } from './test-agent.ts';

/** An agent whose keys are on a disk, which can be killed at any change of that disk and started again. */
export interface DiskAgent {
  readonly serverId: string;
  readonly stateDir: string;
  readonly keyFile: string;
  /** Every key that was ever on this disk. */
  readonly everyKey: ReadonlyMap<string, SigningKey>;
  readonly keyring: Keyring;
  readonly running: TestAgent;
  /** Ends it here and now: no goodbye, nothing written any more. */
  kill(): void;
  start(): Promise<void>;
  /** As it would be with a key of one's choice. */
  identityWith(key: SigningKey): LinkIdentity;
  /** The key in use, as it is on the disk. */
  keyOnDisk(): SigningKey;
  leftovers(): Promise<string[]>;
}

export interface DiskAgentOptions {
  /** Before and after each change of the disk. */
  readonly onStep?: (step: KeyringStep, agent: DiskAgent) => void;
}

export class Killed extends Error {}

/** Registers on a new disk and starts. */
export async function joinFromDisk(rig: Rig, { onStep }: DiskAgentOptions = {}): Promise<DiskAgent> {
  const { serverId, token } = await rig.invite();
  const stateDir = join(rig.dataDirectory, `agent-${randomUUID()}`);
  await mkdir(stateDir, { mode: 0o700 });
  const keyFile = join(stateDir, 'agent.key');
  const { key } = keyForToken(keyFile, 'token');
  const answer = await register(endpointOf({ server: rig.url, insecure: false }), token, key, '{}');
  keepIdentity(stateDir, identityOf(answer, key.id), () => adoptKey(keyFile, 'token'));
  const everyKey = new Map([[key.id, key]]);
  let keyring: Keyring;
  let running: TestAgent;
  let dead = false;

  function note(step: KeyringStep): void {
    for (const kept of [readKey(keyFile), readNextKey(keyFile)])
      if (kept) everyKey.set(kept.key.id, kept.key);
    onStep?.(step, agent);
    // A process that was killed does nothing after the point it was killed at.
    if (dead) throw new Killed();
  }

  const agent: DiskAgent = {
    serverId,
    stateDir,
    keyFile,
    everyKey,
    get keyring() {
      return keyring;
    },
    get running() {
      return running;
    },
    kill() {
      dead = true;
      running.link.stop();
      for (const wire of rig.wires.splice(0)) wire.destroy();
    },
    async start() {
      dead = false;
      const opened = openKeyring({ stateDir, keyFile, log: silentLog, onStep: note });
      if (!opened) throw new Error('the agent lost its identity');
      keyring = opened;
      running = await rig.start(agent.identityWith(key), { keyring });
    },
    identityWith: (own) => ({
      agentId: answer.agentId,
      serverId,
      key: own,
      controlKeys: answer.keys,
    }),
    keyOnDisk() {
      const kept = readKey(keyFile);
      if (!kept) throw new Error('the agent lost its key');
      return kept.key;
    },
    async leftovers() {
      const files = await readdir(stateDir);
      return files.filter((name) => /\.(next|pending)$/.test(name));
    },
  };
  await agent.start();
  await rig.until('the agent is online', () => rig.agents.links.get(serverId) !== undefined);
  return agent;
}
