import { setTimeout as sleep } from 'node:timers/promises';
import type { Authority } from '../docker/privilege/guard.ts';
import { object, parse } from '../docker/json.ts';
import { describe } from '../errors.ts';
import { putBack, rollBack, type DeployTools, type Telling } from './deploy.ts';
import { readProjects } from './projects.ts';
import { secretNamesIn } from './secrets.ts';
import type { KeptVersion } from './store.ts';
import type { Unfinished } from './unfinished.ts';

/** Between two looks for the engine. Ms. */
const PACE = 1_000;

/** Of what nobody follows. */
const unwatched: Telling = {
  line: () => undefined,
  step: () => undefined,
  progress: () => undefined,
  ready: () => Promise.resolve(),
};

/**
 * Undoes a deployment that the agent before this one was ended in the middle of, once there is an engine. Where it cannot
 * tell that nobody has done anything since, it leaves all as it is.
 *
 * @throws AgentError before anything was touched
 */
export async function undo(
  one: Unfinished,
  deniesPath: Authority['deniesPath'],
  tools: DeployTools,
): Promise<void> {
  const { name, folder, json, previous: number, ran, privileged, files } = one;
  const { docker, normaliser, store, unfinished, log } = tools;
  // It was kept, and only its end is missing here.
  if (store.latest(name) !== number) return unfinished.forget(name);
  while (!docker.facts().available) await sleep(PACE, undefined, { ref: false });
  const previous = number === null ? undefined : store.version(name, number);
  const now = (await readProjects(docker)).get(name)?.services ?? [];
  const why = reasonToLeave(one, previous ?? null, now);
  if (why !== null) {
    log.error('a deployment that the end of the agent had interrupted is left as it is', {
      stack: name,
      why,
    });
    return unfinished.forget(name);
  }
  const authority: Authority = {
    scopes: new Set(privileged ? ['docker:containers:privileged'] : []),
    deniesPath,
  };
  const stack = await normaliser.kept({ name, folder, json });
  const { ok, words } = await rollBack(stack, { previous, ran, authority, secrets: [] }, unwatched, tools);
  try {
    if (files) putBack(name, files, store);
  } catch (error) {
    log.error('the files of a stack could not be put back', { stack: name, reason: describe(error) });
  }
  unfinished.forget(name);
  if (ok)
    log.warn('a deployment was undone that the end of the agent had interrupted', {
      stack: name,
      now: words,
    });
  else
    log.error('a deployment that the end of the agent had interrupted could not be undone', {
      stack: name,
      now: words,
    });
}

/** What a look at the engine tells of a service. */
interface Found {
  readonly name: string;
  readonly containers: readonly { readonly configHash: string | null }[];
}

/** @returns null where all that there is of the stack is of the deployment, or of the version before it */
export function reasonToLeave(
  { laid, hashes }: Pick<Unfinished, 'laid' | 'hashes'>,
  previous: Pick<KeptVersion, 'services' | 'normalised'> | null,
  now: readonly Found[],
): string | null {
  if (laid) return 'Files of its repository were laid, and how its folder was before is not known any more.';
  if (previous && secretNamesIn({ value: object(parse(previous.normalised)) }).length > 0) {
    return 'The version before it has secrets, whose values are never kept.';
  }
  const before = new Map(previous?.services.map(({ service, configHash }) => [service, configHash]));
  const other = now.find(({ name, containers }) =>
    containers.some(
      ({ configHash: hash }) => hash === null || (hash !== hashes.get(name) && hash !== before.get(name)),
    ),
  );
  return other ? `A container of ${other.name} is neither of it nor of the version before it.` : null;
}
