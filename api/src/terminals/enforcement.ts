import type { Logger } from 'pino';
import type { OpenTerminal } from '@serverkit/prisma/generated/client/client.ts';
import { storedActor } from '../audit/actor.ts';
import type { Place } from './places.ts';
import { recordingFailed } from './recording/recorder.ts';
import type { RecordedTerminal, Recordings } from './recording/recordings.ts';
import { storedTarget } from './target.ts';

/** Servers that are asked at a time: one that does not answer takes its time. */
const serversAtOnce = 16;

export interface Enforcement {
  /** What may be open, on any server. */
  readonly open: readonly OpenTerminal[];
  readonly recordings: Pick<Recordings, 'enforce' | 'shut'> & {
    readonly rules: Pick<Recordings['rules'], 'requires'>;
  };
  readonly list: (
    place: Place,
    serverId: string,
  ) => Promise<readonly { readonly id: string; readonly privileged: boolean }[]>;
  readonly isLinked: (serverId: string) => boolean;
  readonly log: Logger;
}

/**
 * Begins to record what is open already and has to be from now on, each terminal whatever became of the others. What cannot
 * be recorded is closed; only on a server that is out of reach, where nobody looks at anything, it is left to the first who
 * comes.
 */
export async function enforceRecording({
  open,
  recordings,
  list,
  isLinked,
  log,
}: Enforcement): Promise<void> {
  async function enforceIn(place: Place, serverId: string, rows: readonly OpenTerminal[]): Promise<void> {
    let terminals: RecordedTerminal[];
    try {
      terminals = (await list(place, serverId)).map(({ id, privileged }) => {
        const { actor, target } = aboutOf(
          serverId,
          rows.find((row) => row.id === id),
        );
        return { id, serverId, place, privileged, actor, target };
      });
    } catch (error) {
      log.warn({ err: error, serverId }, 'open terminals are not recorded yet');
      if (!isLinked(serverId)) return;
      const failure = recordingFailed('Its server does not say which terminals are open.');
      const known = rows.map((row) => ({ id: row.id, ...aboutOf(serverId, row) }));
      await Promise.all(
        known
          .filter(({ target }) => (target.kind === 'server' ? 'host' : 'container') === place)
          .map((about) => recordings.shut({ ...about, serverId, place, privileged: true }, failure)),
      );
      return;
    }
    await Promise.all(terminals.map((terminal) => recordings.enforce(terminal)));
  }

  const servers = [...Map.groupBy(open, ({ serverId }) => serverId)].values();
  // All of them take the next from the same.
  const worker = async (): Promise<void> => {
    for (const [serverId, rows] of servers) {
      if (!(await recordings.rules.requires(serverId))) continue;
      await Promise.all([enforceIn('container', serverId, rows), enforceIn('host', serverId, rows)]);
    }
  };
  await Promise.all(Array.from({ length: serversAtOnce }, worker));
}

/** Who opened a terminal and what it is in, as far as that is stored. */
export function aboutOf(
  serverId: string,
  row: Pick<OpenTerminal, 'actor' | 'target'> | undefined | null,
): Pick<RecordedTerminal, 'actor' | 'target'> {
  return {
    actor: storedActor(row?.actor) ?? { kind: 'system', label: 'terminals' },
    target: storedTarget(row?.target) ?? { kind: 'server', id: serverId },
  };
}
