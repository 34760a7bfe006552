import { setTimeout as sleep } from 'node:timers/promises';
import { secretNamesIn, servicesOf } from '@serverkit/wire/compose-secrets.ts';
import type { Authority } from '../docker/privilege/guard.ts';
import { object, parse } from '../docker/json.ts';
import { stopsOf, toldToStop, untilStopped } from '../docker/stops.ts';
import { describe } from '../errors.ts';
import type { Aftermath } from '../jobs/job.ts';
import { secretsIn } from './begin.ts';
import { putBack, rollBack, type DeployTools, type RolledBack } from './deploy.ts';
import { changedSince, takeBack } from './git-lay.ts';
import { readProjects } from './projects.ts';
import { scaleBack } from './scale.ts';
import type { StackContainer } from './stack.ts';
import type { KeptVersion } from './store.ts';
import type { Unfinished, UnfinishedDeployments } from './unfinished.ts';
import type { Telling } from './up.ts';

/** Between two looks for the engine. Ms. */
const PACE = 1_000;

/** An agent that is killed may have asked for something up to a sign of life later, and Compose a moment longer. Ms. */
const SLACK = 2_000;

/** Of what nobody follows. */
const unwatched: Telling = {
  line: () => undefined,
  step: () => undefined,
  progress: () => undefined,
  ready: () => Promise.resolve(),
};

/**
 * Undoes a deployment, or a change of how many containers there are of a service, that the agent before this one was ended
 * in the middle of, once there is an engine. Where it cannot tell that nobody has done anything since, or where somebody has
 * stopped a container of it, it leaves all as it is.
 *
 * @throws AgentError before anything was touched
 */
export async function undo(
  one: Unfinished,
  deniesPath: Authority['deniesPath'],
  tools: DeployTools,
): Promise<Aftermath> {
  const { name, folder, json, previous: number, ran, privileged, files, scaled } = one;
  const { docker, normaliser, store, unfinished, log } = tools;
  const what = scaled ? 'a change of how many containers there are' : 'a deployment';
  // It was kept, and only its end is missing here.
  if (store.latest(name) !== number) {
    unfinished.forget(name);
    return { now: 'It had done all there was to do.' };
  }
  const alive = unfinished.lastSign(name);
  while (!docker.facts().available) await sleep(PACE, undefined, { ref: false });
  const previous = number === null ? undefined : store.version(name, number);
  const now = (await readProjects(docker)).get(name)?.services ?? [];
  const containers = now.flatMap((service) => service.containers);
  const stops = await stopsOf(
    docker.engine,
    containers.map(({ id }) => id),
  );
  const stopped = toldToStop(stops, alive + SLACK);
  const why = reasonToLeave(one, previous ?? null, now, stopped) ?? reasonOfFiles(one, unfinished);
  if (why !== null) {
    log.error(`${what} that the end of the agent had interrupted is left as it is`, { stack: name, why });
    unfinished.forget(name);
    return { now: `All is left as it is. ${why}` };
  }
  // Should this one be ended as well, what it does is not taken for somebody else's.
  using _signs = unfinished.alive(name);
  const authority: Authority = {
    scopes: new Set(privileged ? ['docker:containers:privileged'] : []),
    deniesPath,
  };
  const stopping = toldToStop(stops, one.at);
  await untilStopped(
    docker.engine,
    containers.flatMap(({ id, state }) => (up.has(state) && stopping.has(id) ? [id] : [])),
  );
  if (one.lain) takeBack(folder, one.lain, unfinished.asideOf(name));
  const stack = await normaliser.kept({ name, folder, json });
  const { ok, words }: RolledBack = scaled
    ? await scaleBack(stack, { ...scaled, authority }, unwatched, tools)
    : await rollBack(stack, { previous, ran, authority, secrets: [] }, unwatched, tools);
  try {
    if (files) putBack(name, files, store);
  } catch (error) {
    log.error('the files of a stack could not be put back', { stack: name, reason: describe(error) });
  }
  if (ok) store.abandon(name);
  unfinished.forget(name);
  if (ok)
    log.warn(`${what} was undone that the end of the agent had interrupted`, { stack: name, now: words });
  else
    log.error(`${what} that the end of the agent had interrupted could not be undone`, {
      stack: name,
      now: words,
    });
  return { now: words, ...(!ok && { secrets: confidentialOf(one, previous) }) };
}

/** What a stack says in confidence, as far as what is noted of it and the version before it tell. */
function confidentialOf(
  { json, files }: Pick<Unfinished, 'json' | 'files'>,
  previous: Pick<KeptVersion, 'files' | 'normalised'> | undefined,
): string[] {
  const texts = [files?.before, files?.written, previous?.files];
  const stacks = [json, previous?.normalised ?? '{}'];
  return [
    ...texts.flatMap((one) => (one ? secretsIn(one) : [])),
    ...stacks.flatMap((one) =>
      [...servicesOf(object(parse(one))).values()].flatMap(({ environment }) =>
        (Array.isArray(environment)
          ? environment.map((pair) => String(pair).replace(/^[^=]*=/, ''))
          : Object.values(object(environment)).map(String)
        ).map((written) => written.replaceAll('$$', '$')),
      ),
    ),
  ];
}

function reasonOfFiles({ name, folder, lain }: Unfinished, unfinished: UnfinishedDeployments): string | null {
  if (lain === null) return null;
  try {
    const changed = changedSince(folder, lain, unfinished.asideOf(name));
    return changed === null ? null : `Somebody has changed ${changed} in its folder since.`;
  } catch (error) {
    return `How the files of its folder were cannot be told any more: ${describe(error)}`;
  }
}

/** What a look at the engine tells of a service. */
interface Found {
  readonly name: string;
  readonly containers: readonly Pick<StackContainer, 'id' | 'name' | 'number' | 'state' | 'configHash'>[];
}

/**
 * @param stopped - ids of those that somebody told to stop since
 * @returns null where all that there is of the stack is of the deployment, or of the version before it, and nobody has
 *   stopped any of it
 */
export function reasonToLeave(
  { laid, lain, hashes }: Pick<Unfinished, 'laid' | 'lain' | 'hashes'>,
  previous: Pick<KeptVersion, 'services' | 'normalised'> | null,
  now: readonly Found[],
  stopped: ReadonlySet<string>,
): string | null {
  if (laid && lain === null)
    return 'Files of its repository were laid, and how its folder was before is not known any more.';
  if (previous && secretNamesIn({ value: object(parse(previous.normalised)) }).length > 0) {
    return 'The version before it has secrets, whose values are never kept.';
  }
  const before = new Map(previous?.services.map(({ service, configHash }) => [service, configHash]));
  const other = now.find(({ name, containers }) =>
    containers.some(
      ({ configHash: hash }) => hash === null || (hash !== hashes.get(name) && hash !== before.get(name)),
    ),
  );
  if (other) return `A container of ${other.name} is neither of it nor of the version before it.`;
  // One that has another in its place was stopped by Compose, which makes the new one first.
  const [theirs] = now.flatMap(({ containers }) =>
    containers.filter(
      ({ id, number, state }) =>
        stopped.has(id) && !up.has(state) && containers.filter((one) => one.number === number).length === 1,
    ),
  );
  return theirs ? `Somebody has stopped ${theirs.name} since.` : null;
}

const up: ReadonlySet<StackContainer['state']> = new Set(['RUNNING', 'RESTARTING', 'PAUSED']);
