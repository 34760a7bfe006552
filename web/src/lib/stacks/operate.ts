import { mutate } from '../api/operations.ts';
import { Restart, Start, Stop } from './documents.ts';

interface Target {
  readonly serverId: string;
  readonly name: string;
}

export type Operation = 'start' | 'stop' | 'restart';

/**
 * Begins to start, stop or restart what a stack has.
 *
 * @param services - only these; none is all of them
 * @returns the job
 * @throws Failure
 */
export async function operate(
  operation: Operation,
  { serverId, name }: Target,
  services: readonly string[] = [],
): Promise<string> {
  const input = { serverId, name, services: [...services] };
  switch (operation) {
    case 'start':
      return (await mutate(Start, { input })).startStack.job.id;
    case 'stop':
      return (await mutate(Stop, { input })).stopStack.job.id;
    case 'restart':
      return (await mutate(Restart, { input })).restartStack.job.id;
  }
}
