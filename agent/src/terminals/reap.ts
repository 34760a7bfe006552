import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../errors.ts';
import type { Engine } from '../docker/engine.ts';
import { object, text } from '../docker/json.ts';
import { terminalVariable } from './terminal.ts';

/** What is needed to find the processes of a terminal again. */
export interface Mark {
  /** The container's full id. */
  readonly containerId: string;
  readonly terminalId: string;
  /** Name or number, with a group after a colon if wanted; the container's own when null. */
  readonly user: string | null;
}

/**
 * Signals all that has the terminal's mark. Inside the container, as its processes have other numbers outside, where the
 * agent may not signal them either; as the same user, who alone may read the mark.
 */
const script = `for p in /proc/[0-9]*; do case "$(cat "$p/environ" 2>/dev/null)" in *"$1"*) kill -"$2" "\${p##*/}";; esac; done 2>/dev/null; :`;
const lookEvery = 20;
/** Ms. */
const mustEndWithin = 10_000;

/**
 * Signals the processes of a terminal; nobody is left to signal where the container does not run any more.
 *
 * @throws AgentError CONFLICT when nothing can be done in it now, as it is paused
 */
export async function reap(
  engine: Pick<Engine, 'call' | 'get'>,
  { containerId, terminalId, user }: Mark,
  signal: 'HUP' | 'KILL',
): Promise<void> {
  try {
    const made = object(
      await engine.call('POST', `/containers/${containerId}/exec`, {
        body: {
          ...(user === null ? {} : { User: user }),
          Cmd: ['sh', '-c', script, 'sh', `${terminalVariable}=${terminalId}`, signal],
        },
      }),
    );
    const path = `/exec/${text(made['Id'])}`;
    await engine.call('POST', `${path}/start`, { body: { Detach: true } });
    for (const begun = performance.now(); performance.now() - begun < mustEndWithin; await sleep(lookEvery)) {
      const { Running: running, ExitCode: exitCode } = object(await engine.get(`${path}/json`));
      if (running !== true && typeof exitCode === 'number') return;
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  if (!(error instanceof AgentError)) return false;
  return error.code === 'NOT_FOUND' || (error.code === 'CONFLICT' && /not running/i.test(error.message));
}
