import {
  makeSuccession,
  verifyApproval,
  type Approval,
  type ApprovedSuccession,
  type Succession,
} from '@serverkit/wire/agent-keys.ts';
import { generateSigningKey } from '@serverkit/wire/bytes.ts';
import { isNewer, type KeySetVersion, type PinnedKeySet } from '@serverkit/wire/control-keys.ts';
import { AgentError, describe } from '../errors.ts';
import { removeUnfinished } from '../files.ts';
import type { LinkIdentity, LinkKeys } from '../link/link-keys.ts';
import type { Log } from '../log.ts';
import {
  identityFiles,
  keepIdentity,
  readIdentity,
  recoverIdentity,
  rewriteIdentity,
  type Identity,
} from './identity.ts';
import {
  adoptNextKey,
  dropNextKey,
  keyFiles,
  readNextKey,
  writeNextKey,
  type KeptKey,
  type NextKey,
} from './key-file.ts';

/** Steps of the chain that are kept: more than are ever shown, for whoever looks into the matter. */
const maxKept = 40;

/** In which session of a link something was asked for. */
export interface KeySession {
  /** Id of the agent's key that this link was proven with. */
  readonly agentKeyId: string;
  /** The control plane's. */
  readonly controlKey: Uint8Array;
}

/** The agent's own keys and those it believes, on the disk, through every change of either. */
export interface Keyring extends LinkKeys {
  readonly identity: Identity;
  readonly tokenId: string;
  /** The rotation that is under way, if one is. */
  readonly rotationId: string | undefined;
  /**
   * Begins a rotation: makes the next key and has it on the disk before it answers. The same rotation gets the same key
   * again, so a lost answer is safe to ask for again.
   */
  rotate(rotationId: string, session: KeySession): Succession;
  /** Ends it: the control plane put the next key in place. The one before is gone after this. */
  adopt(rotationId: string, approval: Approval, session: KeySession): void;
  /** Gives it up: the control plane knows the key in use and no other. */
  drop(rotationId: string, session: KeySession): void;
}

export interface KeyringOptions {
  readonly stateDir: string;
  readonly keyFile: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Called around everything that changes the disk; a test can end the agent there. */
  readonly onStep?: (step: KeyringStep) => void;
}

export type KeyringStep = `${'before' | 'after'} ${'rotate' | 'adopt' | 'swap' | 'drop' | 'learn'}`;

/** @returns undefined when this host is not registered. @throws Error with a sentence */
export function openKeyring(options: KeyringOptions): Keyring | undefined {
  const { stateDir, keyFile, log } = options;
  const known = recoverIdentity(stateDir, keyFile);
  if (!known) return undefined;
  try {
    removeUnfinished([...keyFiles(keyFile), ...identityFiles(stateDir)]);
  } catch (error) {
    log.warn('what a killed agent left of its keys cannot be removed', { reason: describe(error) });
  }
  return createKeyring(options, known);
}

function createKeyring(
  { stateDir, keyFile, log, onStep = () => undefined }: KeyringOptions,
  known: { readonly identity: Identity; readonly kept: KeptKey },
): Keyring {
  let { identity, kept } = known;
  let next = readNext();
  /** Which of the ways to call was refused last, counted on. */
  let refusals = 0;

  /** A damaged file must not keep the agent from the key it can still use. */
  function readNext(): NextKey | undefined {
    try {
      const found = readNextKey(keyFile);
      return found?.key.id === kept.key.id ? undefined : found;
    } catch (error) {
      log.warn('the key of an unfinished rotation cannot be used', { reason: describe(error) });
      return undefined;
    }
  }

  /** Somebody may have registered this host anew while we run: then these files are no longer ours to change. */
  function change(what: 'rotate' | 'adopt' | 'drop' | 'learn', write: () => void): void {
    onStep(`before ${what}`);
    if (readIdentity(stateDir)?.agentId !== identity.agentId) {
      throw new AgentError('CONFLICT', 'This host was registered anew; this agent no longer owns its keys.');
    }
    write();
    onStep(`after ${what}`);
  }

  /** For what the owner of the host can mend; the system's own words stay here. */
  function onDisk(what: 'rotate' | 'adopt' | 'drop', write: () => void): void {
    try {
      change(what, write);
    } catch (error) {
      if (error instanceof AgentError) throw error;
      log.warn('the keys of this agent cannot be changed on the disk', { reason: describe(error) });
      throw new AgentError('CONFLICT', 'The agent cannot write its keys; its log says why.', error);
    }
  }

  function stepTo({ rotationId, key }: NextKey): Succession {
    return makeSuccession(identity, rotationId, kept.key, key);
  }

  /** Every way to call, the likeliest first. */
  function ways(): LinkIdentity[] {
    const { agentId, serverId, controlKeys, keySet, chain = [] } = identity;
    const own: LinkIdentity = {
      agentId,
      serverId,
      key: kept.key,
      controlKeys,
      ...(keySet ? { keySet } : {}),
    };
    return [
      ...(next ? [{ ...own, key: next.key }] : []),
      own,
      // A control plane that was put back from a backup knows an older key; the chain leads it to this one.
      ...(chain.length > 0 ? [{ ...own, chain }] : []),
    ];
  }

  return {
    get identity() {
      return identity;
    },
    get tokenId() {
      return kept.tokenId;
    },
    get rotationId() {
      return next?.rotationId;
    },

    offer() {
      const all = ways();
      const [first] = all;
      const offered = all[refusals % all.length] ?? first;
      if (!offered) throw new Error('an agent always has a key');
      return offered;
    },
    refused() {
      refusals += 1;
      return refusals % ways().length !== 0;
    },
    proven() {
      refusals = 0;
    },
    learn(set: PinnedKeySet): void {
      const before: KeySetVersion = identity.keySet ?? { generation: 0, serial: 0 };
      if (!isNewer(set, before)) return;
      const { generation, serial, keys } = set;
      const changed: Identity = { ...identity, controlKeys: keys, keySet: { generation, serial } };
      try {
        change('learn', () => rewriteIdentity(stateDir, changed));
        identity = changed;
        log.info('the control plane has new keys', {
          current: keys.find(({ use }) => use === 'current')?.id,
        });
      } catch (error) {
        // It will be shown again with the next link, and is believed for this one.
        log.warn('new keys of the control plane cannot be kept', { reason: describe(error) });
      }
    },
    report: () => ({
      ...(identity.keySet ? { keySet: identity.keySet } : {}),
      ...(next ? { keyRotation: next.rotationId } : {}),
    }),

    rotate(rotationId, { agentKeyId }) {
      if (agentKeyId !== kept.key.id) {
        throw new AgentError('CONFLICT', 'The rotation before this one must be ended first.');
      }
      if (next?.rotationId === rotationId) return stepTo(next);
      // The control plane took the key in use on this very link, so it cannot have put another one in place.
      const made: NextKey = { key: generateSigningKey(), tokenId: kept.tokenId, rotationId };
      onDisk('rotate', () => writeNextKey(keyFile, made));
      next = made;
      return stepTo(made);
    },
    adopt(rotationId, approval, { agentKeyId, controlKey }) {
      if (!next) {
        if (identity.chain?.at(-1)?.rotationId === rotationId) return;
        throw new AgentError('NOT_FOUND', 'There is no such rotation here.');
      }
      if (next.rotationId !== rotationId)
        throw new AgentError('NOT_FOUND', 'Another rotation is under way here.');
      if (agentKeyId !== next.key.id) {
        throw new AgentError(
          'CONFLICT',
          'A new key is taken over on a link that was made with it, and on no other.',
        );
      }
      const step = stepTo(next);
      if (!verifyApproval(identity, step, approval, controlKey)) {
        throw new AgentError('INPUT_INVALID', "The approval is not this control plane's.");
      }
      const approved: ApprovedSuccession = { ...step, approval };
      const changed: Identity = {
        ...identity,
        keyId: next.key.id,
        chain: [...(identity.chain ?? []), approved].slice(-maxKept),
      };
      onDisk('adopt', () =>
        keepIdentity(stateDir, changed, () => {
          onStep('before swap');
          adoptNextKey(keyFile);
          onStep('after swap');
        }),
      );
      log.info('the key of this agent was replaced', { key: next.key.id });
      [identity, kept, next] = [changed, next, undefined];
    },
    drop(rotationId, { agentKeyId }) {
      if (next?.rotationId !== rotationId) return;
      if (agentKeyId === next.key.id) {
        throw new AgentError('CONFLICT', 'The key of this link cannot be given up.');
      }
      onDisk('drop', () => dropNextKey(keyFile));
      next = undefined;
    },
  };
}
