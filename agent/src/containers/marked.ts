import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../errors.ts';
import type { Engine } from '../docker/engine.ts';
import { object, text } from '../docker/json.ts';

/** Stands in the environment of a command and of everything that it starts. */
export const markVariable = 'SERVERKIT_EXEC';

/**
 * Inside the container, as its processes have other numbers outside, where the agent may not signal them either. What is
 * started while it looks is found the next time round.
 */
const script = `while :; do found=; for p in /proc/[0-9]*; do case "$(cat "$p/environ" 2>/dev/null)" in *"$1"*) kill -KILL "\${p##*/}" && found=1;; esac; done 2>/dev/null; [ "$found" ] || exit 0; done`;
const LOOK_EVERY = 20;
const MUST_END_WITHIN = 10_000;

/**
 * Ends what has the mark: closing the connection of an exec leaves its process running.
 *
 * @param user - as whom it ran, who alone may read the mark
 * @throws AgentError CONFLICT when it cannot be ended: the container has no shell, or is paused
 */
export async function endMarked(
  engine: Pick<Engine, 'call' | 'get'>,
  { id, user, mark }: { readonly id: string; readonly user: string | null; readonly mark: string },
): Promise<void> {
  const stays = (cause?: unknown): AgentError =>
    new AgentError(
      'CONFLICT',
      'The command goes on: it took too long or said too much, and could not be ended.',
      cause,
    );
  try {
    const made = object(
      await engine.call('POST', `/containers/${id}/exec`, {
        body: {
          ...(user === null ? {} : { User: user }),
          Cmd: ['sh', '-c', script, 'sh', `${markVariable}=${mark}`],
        },
      }),
    );
    const path = `/exec/${text(made['Id'])}`;
    await engine.call('POST', `${path}/start`, { body: { Detach: true } });
    for (
      const begun = performance.now();
      performance.now() - begun < MUST_END_WITHIN;
      await sleep(LOOK_EVERY)
    ) {
      const { Running: running, ExitCode: exitCode } = object(await engine.get(`${path}/json`));
      if (running === true || typeof exitCode !== 'number') continue;
      if (exitCode !== 0) break;
      return;
    }
  } catch (error) {
    // Nothing is left of it where the container does not run any more.
    if (error instanceof AgentError && error.code === 'NOT_FOUND') return;
    if (error instanceof AgentError && /not running/i.test(error.message)) return;
    throw stays(error);
  }
  throw stays();
}
