import { linkCloseCodes } from '@serverkit/wire/errors.ts';
import { createBackoff, type Backoff } from './backoff.ts';
import { dial, type DialOptions, type LinkEnd } from './dial.ts';

export type { LinkIdentity, LinkKeys } from './link-keys.ts';

export interface LinkOptions extends Omit<DialOptions, 'onProven'> {
  readonly onState: (state: LinkState) => void;
  /** @default half a second to 20 seconds, with full jitter */
  readonly backoff?: Backoff;
}

export interface LinkState {
  readonly state: 'connecting' | 'online' | 'waiting' | 'stopped';
  /** Why the last link ended or could not be made. */
  readonly reason?: string;
  readonly retryInMs?: number;
}

export interface Link {
  /** Resolves when the link has ended for good: stopped, or the control plane revoked this agent. */
  readonly ended: Promise<'stopped' | 'revoked'>;
  stop(): void;
}

/** Keeps one link to the control plane up: dials, proves itself, serves, and dials again when it is lost. */
export function openLink(options: LinkOptions): Link {
  const { keys, services, onState, backoff = createBackoff() } = options;
  const stopping = new AbortController();
  const dialing: DialOptions = { ...options, onProven: () => onState({ state: 'online' }) };

  async function run(): Promise<'stopped' | 'revoked'> {
    while (!stopping.signal.aborted) {
      onState({ state: 'connecting' });
      const end = await dial(dialing, stopping.signal);
      if (stopping.signal.aborted) break;
      // Anyone on the way can send a close code: only a peer that proved itself is believed this one.
      if (end.code === linkCloseCodes.revoked && end.proven) {
        services.log.error(`the control plane revoked this agent: ${end.reason}`);
        onState({ state: 'stopped', reason: end.reason });
        return 'revoked';
      }
      if (end.accepted) backoff.reset();
      if (end.unknownKey && keys.refused()) continue;
      const retryInMs = waitAfter(end, backoff);
      services.log.warn(`link lost: ${end.reason}; next try in ${Math.round(retryInMs)} ms`);
      onState({ state: 'waiting', reason: end.reason, retryInMs });
      await backoff.wait(retryInMs, stopping.signal);
    }
    onState({ state: 'stopped' });
    return 'stopped';
  }

  return { ended: run(), stop: () => stopping.abort() };
}

function waitAfter({ code, proven }: LinkEnd, backoff: Backoff): number {
  // A control plane that drains or took new settings wants us back at once, yet not all of us together.
  if (proven && (code === 1012 || code === linkCloseCodes.refresh)) return backoff.soon();
  // Two machines with one key: until somebody sorts that out, asking often helps nobody.
  if (code === linkCloseCodes.cloned) return backoff.late();
  return backoff.next();
}
