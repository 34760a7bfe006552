import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { errorText } from '../startup-error.ts';

/** With this status the agent ends when the control plane revoked it. */
export const revokedStatus = 78;

/** ms */
const firstWait = 500;
const longestWait = 30_000;
/** A run that lasted this long (ms) was a healthy one: the next failure starts from the first wait. */
const healthyRun = 30_000;

/** One run of the agent. */
export interface Run {
  /** Settles when it has ended. Never rejects. */
  readonly ended: Promise<{ readonly status: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Asks it to end, insists when it does not, and resolves when it has. */
  stop(): Promise<void>;
}

export interface Supervisor {
  /** Ends the present run, so that the next one starts with what holds now. */
  renew(): void;
  /** Ends the agent for good. */
  stop(): Promise<void>;
}

/** Runs the agent again whenever it ends, with growing pauses, until it is stopped or revoked. Never two at once. */
export function supervise(
  launch: () => Promise<Run>,
  log: Logger,
  wait: (ms: number, signal: AbortSignal) => Promise<void> = patiently,
): Supervisor {
  const stopping = new AbortController();
  let current: Run | undefined;
  let renewing = false;

  async function loop(): Promise<void> {
    let pause = firstWait;
    while (!stopping.signal.aborted) {
      const began = performance.now();
      const why = await once();
      if (why === 'revoked' || stopping.signal.aborted) return;
      if (performance.now() - began >= healthyRun || why === 'renewed') pause = firstWait;
      await wait(pause, stopping.signal);
      pause = Math.min(pause * 2, longestWait);
    }
  }

  async function once(): Promise<'ended' | 'renewed' | 'revoked'> {
    renewing = false;
    let run: Run;
    try {
      run = current = await launch();
    } catch (error) {
      log.error({ reason: errorText(error) }, 'the agent on this machine could not be started');
      return 'ended';
    }
    // Stopped while it was being launched.
    if (stopping.signal.aborted) await run.stop();
    const { status, signal } = await run.ended;
    current = undefined;
    if (stopping.signal.aborted) return 'ended';
    if (renewing) return 'renewed';
    if (status === revokedStatus) {
      log.warn('the agent on this machine was revoked; it joins again when ServerKit is started again');
      return 'revoked';
    }
    log.warn({ status, signal }, 'the agent on this machine ended; starting it again');
    return 'ended';
  }

  const ended = loop();
  return {
    renew() {
      if (!current) return;
      renewing = true;
      void current.stop();
    },
    async stop() {
      stopping.abort();
      await current?.stop();
      await ended;
    },
  };
}

async function patiently(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
