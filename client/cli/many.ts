import type { ParseArgsConfig } from 'node:util';
import {
  allServers,
  JobEventsDocument,
  JobTargetsDocument,
  ServerGroupsDocument,
  type Client,
  type FleetFailure,
  type FleetTargetState,
  type JobTargetsQuery,
} from '../src/node.ts';
import { flag, list, text, type Run } from './command.ts';
import { Failure, usage } from './failure.ts';
import type { Cell, Tone } from './output.ts';

/** A server that is meant. */
export interface Chosen {
  readonly id: string;
  readonly name: string;
}

/** What would be done on one of them. */
export interface Planned {
  readonly server: Chosen;
  /** Whether it would be done there. */
  readonly ok: boolean;
  /** What, or why not, in words. */
  readonly what: string;
}

/** Of every command that does something on many servers. */
export const manyOptions = {
  server: { type: 'string', multiple: true },
  tag: { type: 'string', multiple: true },
  group: { type: 'string' },
  parallel: { type: 'string' },
  plan: { type: 'boolean' },
  'leave-out': { type: 'boolean' },
} as const satisfies NonNullable<ParseArgsConfig['options']>;

export const manyUsage = '--server NAME…|--tag TAG…|--group NAME';

export const manyHelp = `Servers are chosen by --server, several times and in the order in which to go, or by what they have in common: every --tag
that is given, and a --group, by its name, its path (eu/web) or its id, with the groups in it.

What it would do on each is told first; with --plan, that is all. When it cannot be done on one of them, nothing is begun
anywhere, unless that one is to be left out: --leave-out. Then how it ends is told server by server, and the exit code says
whether it was done on all of them. Interrupted, it goes on without being watched.`;

/** The servers that are meant, one at least. @throws Failure */
export async function chosenServers(run: Run, client: Client): Promise<readonly Chosen[]> {
  const names = list(run, 'server');
  const tags = list(run, 'tag');
  const group = text(run, 'group');
  const { signal } = run;
  const common = tags.length > 0 || group !== undefined;
  if (names.length > 0 === common) throw usage(`Say which servers: ${manyUsage}.`);
  if (!common) {
    const all: Chosen[] = [];
    for await (const { id, name } of allServers(client, {}, { signal })) all.push({ id, name });
    return [...new Set(names)].map((reference) => {
      const found = all.find(({ id, name }) => id === reference || name === reference);
      const there = all.map(({ name }) => name).join(', ') || 'none';
      if (!found) throw new Failure(`There is no server named ${reference}. There are: ${there}.`);
      return found;
    });
  }
  const filter = { tags, ...(group !== undefined && { groupId: await groupId(client, group, signal) }) };
  const fitting: Chosen[] = [];
  for await (const { id, name } of allServers(client, { filter }, { signal })) fitting.push({ id, name });
  if (fitting.length > 0) return fitting;
  const words = [
    ...tags.map((tag) => `with the tag ${tag}`),
    ...(group === undefined ? [] : [`in ${group}`]),
  ];
  throw new Failure(`There is no server ${words.join(' and ')}.`);
}

async function groupId(client: Client, reference: string, signal: AbortSignal): Promise<string> {
  const { serverGroups } = await client.request(ServerGroupsDocument, {}, { signal });
  const byId = new Map(serverGroups.map((group) => [group.id, group]));
  const pathOf = ({ name, parentId }: (typeof serverGroups)[number]): string => {
    const parent = parentId === null ? undefined : byId.get(parentId);
    return parent ? `${pathOf(parent)}/${name}` : name;
  };
  const [first, second] = serverGroups.filter((group) =>
    [group.id, group.name, pathOf(group)].includes(reference),
  );
  const paths = serverGroups.map(pathOf).join(', ') || 'none';
  if (!first) throw new Failure(`There is no group ${reference}. There are: ${paths}.`);
  if (second) throw usage(`There are several groups named ${reference}: write the path of one, of ${paths}.`);
  return first.id;
}

/** On how many servers at once. @throws Failure */
export function parallelOf(run: Run, otherwise: number): number {
  const given = text(run, 'parallel');
  if (given === undefined) return otherwise;
  const parallel = /^\d{1,2}$/.test(given) ? Number(given) : 0;
  if (parallel < 1 || parallel > 50) throw usage('--parallel takes a number from 1 to 50.');
  return parallel;
}

/**
 * Tells what would be done, and goes on with those on which it can be.
 *
 * @param begin - begins it on these. @returns the id of the job
 * @throws Failure when it was not done on all, or the plan fails where nothing is to be left out
 */
export async function onMany(
  run: Run,
  client: Client,
  plan: readonly Planned[],
  begin: (serverIds: readonly string[]) => Promise<string>,
): Promise<void> {
  await tellPlan(run, plan);
  const good = plan.filter(({ ok }) => ok);
  const bad = plan.length - good.length;
  const cannot = `It cannot be done on ${bad} of ${plan.length} servers`;
  if (flag(run, 'plan')) {
    if (bad > 0) throw new Failure(`${cannot}.`);
    return;
  }
  if (good.length === 0) throw new Failure(`${cannot}.`);
  if (bad > 0 && !flag(run, 'leave-out')) {
    throw new Failure(`${cannot}, so nothing was begun. To do it on the others: --leave-out.`);
  }
  const id = await begin(good.map(({ server }) => server.id));
  const targets = await watched(run, client, id);
  const done = targets.filter(({ state }) => state === 'SUCCEEDED').length;
  if (done < targets.length) throw new Failure(`It was done on ${done} of ${targets.length} servers.`);
}

async function tellPlan({ output }: Run, plan: readonly Planned[]): Promise<void> {
  if (!output.json) {
    const rows = plan.map(({ server, ok, what }): Cell[] => [
      { text: server.name },
      { text: ok ? 'yes' : 'no', tone: ok ? 'good' : 'critical' },
      { text: what },
    ]);
    await output.write(output.table(['SERVER', 'OK', 'PLAN'], rows));
    return;
  }
  for (const { server, ok, what } of plan)
    await output.object({ server: server.name, step: 'plan', ok, what });
}

type Target = NonNullable<JobTargetsQuery['job']>['targets'][number];

const words: Readonly<Record<FleetTargetState, readonly [word: string, tone: Tone]>> = {
  WAITING: ['waiting', 'dim'],
  RUNNING: ['running', 'dim'],
  SUCCEEDED: ['done', 'good'],
  FAILED: ['failed', 'critical'],
  CANCELLED: ['cancelled', 'warning'],
  INTERRUPTED: ['interrupted', 'critical'],
  SKIPPED: ['not begun', 'warning'],
};

/** Beyond any line: what a job says on its way is not asked for. */
const noLines = 2_147_483_647;

/** Tells of each server once it is over there. @returns how all of them ended */
async function watched(run: Run, client: Client, id: string): Promise<readonly Target[]> {
  const { output, signal } = run;
  const told = new Set<string>();
  let targets: readonly Target[] = [];
  const look = async (): Promise<boolean> => {
    const { job } = await client.request(JobTargetsDocument, { id }, { signal });
    if (!job) throw new Failure(`The job ${id} is not there any more.`);
    ({ targets } = job);
    const isOver = !['PENDING', 'RUNNING'].includes(job.state);
    for (const { serverId, name, state, errorCode, errorMessage } of targets) {
      if (told.has(serverId) || (!isOver && (state === 'WAITING' || state === 'RUNNING'))) continue;
      told.add(serverId);
      const ok = state === 'SUCCEEDED';
      if (output.json) {
        await output.object({ server: name, step: 'result', ok, state, errorCode, error: errorMessage });
      } else {
        const [word, tone] = words[state];
        const why = errorMessage ? `: ${output.clean(errorMessage)}` : '';
        await output.write(`${output.clean(name)}: ${output.toned(word, tone)}${why}\n`);
      }
    }
    return isOver;
  };
  run.tell(`It is job ${id}.`);
  try {
    // Each event says that something changed; where all of them stand is asked for.
    const events = client.stream(
      JobEventsDocument,
      { id, after: noLines },
      { signal, backlog: { newestOf: () => id } },
    );
    for await (const _event of events) if (await look()) return targets;
    await look();
    return targets;
  } catch (error) {
    if (signal.aborted) run.tell(`It goes on; to end it, cancel job ${id}.`);
    throw error;
  }
}

/** What to do about the others once it failed on one. */
export const onFailureOf = (goesOn: boolean): FleetFailure => (goesOn ? 'CONTINUE' : 'STOP');
