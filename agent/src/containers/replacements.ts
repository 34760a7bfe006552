import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../docker/engine.ts';
import { flag, number, object, text, texts, type JsonObject } from '../docker/json.ts';
import type { DockerService } from '../docker/service.ts';
import { stopsOf, toldToStop, untilStopped } from '../docker/stops.ts';
import { AgentError, describe, sentenceOf } from '../errors.ts';
import type { JobService } from '../jobs/service.ts';
import type { Log } from '../log.ts';
import { Notes, type Noting } from '../notes.ts';

/** To stop, start or remove a container, beyond what the engine is given for any answer. Ms. */
export const AFTERWARDS = 60_000;
/** Between two looks for the engine. Ms. */
const PACE = 1_000;
/** An agent that is killed may have asked for something up to a sign of life later. Ms. */
const SLACK = 2_000;

/** A container that another one is put in the place of: what it takes to put it back. */
export interface Replacement {
  /** The job that it is done for; null where that was not noted. */
  readonly job: string | null;
  /** Of the one that is replaced. */
  readonly id: string;
  readonly name: string;
  /** When it began. Ms since 1970. */
  readonly at: number;
  /** What the two are called until it is decided which of them stays. */
  readonly names: { readonly made: string; readonly before: string };
  /** The new one; null while it is made. */
  readonly made: string | null;
  /** Whether the one that is replaced ran. */
  readonly ran: boolean;
}

/** Replacements that are under way, on the disk. */
export type ReplacementNotes = Noting<Replacement>;

export interface ReplacementsOptions {
  readonly folder: string;
  readonly docker: Pick<DockerService, 'engine' | 'facts'>;
  readonly log: Log;
  /** Told what became of what an agent before this one was ended in the middle of. */
  readonly jobs: Pick<JobService, 'settle'>;
}

/** Begins with putting back what an agent before this one was replacing when it ended. */
export function openReplacements({ folder, docker, log, jobs }: ReplacementsOptions): ReplacementNotes {
  const notes = new Notes<Replacement>({
    folder,
    log,
    what: 'a replacement',
    isKey: (key) => /^[0-9a-f]{64}$/.test(key),
    keyOf: ({ id }) => id,
    read: replacementOf,
  });
  const pending = new Set<string>();
  for (const one of notes.all()) {
    pending.add(one.id).add(one.made ?? one.id);
    const there = `It is there as ${one.names.before} or ${one.name}.`;
    const aftermath = putBack(one, { docker, notes, log })
      .catch((error: unknown) => {
        log.error('a container could not be put back that was being replaced when the agent ended', {
          container: one.name,
          reason: describe(error),
          there,
        });
        return `${one.name} could not be put back: ${sentenceOf(error)} ${there}`;
      })
      .then((now) => ({ now }))
      .finally(() => {
        pending.delete(one.id);
        pending.delete(one.made ?? one.id);
      });
    if (one.job !== null) jobs.settle(one.job, aftermath);
  }
  return {
    note(one) {
      if (pending.has(one.id)) {
        throw new AgentError(
          'CONFLICT',
          `${one.name} was being replaced when the agent ended, and is being put back. Try again in a moment.`,
        );
      }
      notes.note(one);
    },
    forget: (id) => notes.forget(id),
    alive: (id) => notes.alive(id),
  };
}

interface Tools {
  readonly docker: ReplacementsOptions['docker'];
  readonly notes: Notes<Replacement>;
  readonly log: Log;
}

/**
 * @returns what there is now, in words
 * @throws AgentError where the engine does not do its part: the next agent tries again
 */
async function putBack(one: Replacement, { docker, notes, log }: Tools): Promise<string> {
  const alive = notes.lastSign(one.id);
  while (!docker.facts().available) await sleep(PACE, undefined, { ref: false });
  const { engine } = docker;
  const [old, made, named] = await Promise.all([
    look(engine, one.id),
    look(engine, one.made ?? one.names.made),
    look(engine, one.name),
  ]);
  // The new one was healthy, and only the end of it is missing here.
  if (!old) {
    notes.forget(one.id);
    return 'It had done all there was to do.';
  }
  const ids = [old, made].flatMap((found) => (found ? [found.id] : []));
  const stops = await stopsOf(engine, ids);
  const stopped = toldToStop(stops, alive + SLACK);
  const why = reasonToLeave(one, { old, made, named }, stopped);
  if (why !== null) {
    const there = [old, made].flatMap((found) => (found ? [wordsOf(found)] : [])).join(', ');
    log.error('a container whose replacement the end of the agent had interrupted is left as it is', {
      container: one.name,
      why,
      there,
    });
    notes.forget(one.id);
    return `All is left as it is: ${there}. ${why}`;
  }
  using _signs = notes.alive(one.id);
  if (old.runs && toldToStop(stops, one.at).has(old.id)) await untilStopped(engine, [old.id]);
  await giveBack(engine, { ...one, made: made?.id ?? null });
  notes.forget(one.id);
  const now = one.ran ? 'It runs as before.' : 'It is there as before, stopped.';
  log.warn('a container was put back whose replacement the end of the agent had interrupted', {
    container: one.name,
    now,
  });
  return `${one.name} was put back. ${now}`;
}

/** Whatever was done is undone; anonymous volumes of the new one stay, as they are the old one's. @throws AgentError */
export async function giveBack(
  engine: Engine,
  { id, name, made, ran }: Pick<Replacement, 'id' | 'name' | 'made' | 'ran'>,
): Promise<void> {
  if (made !== null) {
    await engine.delete(`/containers/${made}`, { force: true }, AFTERWARDS).catch(() => undefined);
  }
  // The engine refuses to give it the name that it has, in other words with each release.
  const old = await look(engine, id);
  if (old?.name !== name) await engine.post(`/containers/${id}/rename`, { name });
  if (ran) await engine.post(`/containers/${id}/start`, {}, AFTERWARDS);
}

/** What a look at the engine tells of a container. */
export interface Found {
  readonly id: string;
  readonly name: string;
  readonly runs: boolean;
}

const wordsOf = ({ name, runs }: Found): string => `${name} (${runs ? 'runs' : 'stopped'})`;

async function look(engine: Pick<Engine, 'get'>, reference: string): Promise<Found | null> {
  let inspected: JsonObject;
  try {
    inspected = object(await engine.get(`/containers/${encodeURIComponent(reference)}/json`));
  } catch (error) {
    if (error instanceof AgentError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
  const state = object(inspected['State']);
  return {
    id: text(inspected['Id']),
    name: text(inspected['Name']).replace(/^\//, ''),
    runs: flag(state['Running']),
  };
}

/**
 * @param stopped - ids of those that somebody told to stop since
 * @returns null where nobody has done anything about either of the two since the agent ended
 */
export function reasonToLeave(
  { name, names }: Pick<Replacement, 'name' | 'names'>,
  { old, made, named }: { readonly old: Found; readonly made: Found | null; readonly named: Found | null },
  stopped: ReadonlySet<string>,
): string | null {
  if (old.name !== name && old.name !== names.before) return `Somebody has called it ${old.name} since.`;
  if (made && made.name !== name && made.name !== names.made) {
    return `Somebody has called the new one ${made.name} since.`;
  }
  if (named && named.id !== old.id && named.id !== made?.id) return `Another container is ${name} by now.`;
  if (old.runs && old.name === names.before) return 'Somebody has started the one of before since.';
  const theirs = [old, made].find((found) => found && !found.runs && stopped.has(found.id));
  return theirs ? `Somebody has stopped ${theirs.name} since.` : null;
}

/** @throws Error for what is not such a note */
function replacementOf(id: string, value: JsonObject): Replacement {
  const { made, before } = object(value['names']);
  const [name, ...names] = texts([value['name'], made, before]);
  if ([name, ...names].some((one) => !one) || typeof value['ran'] !== 'boolean') {
    throw new Error('it is not whole');
  }
  return {
    job: text(value['job']) || null,
    id,
    name: name ?? '',
    at: number(value['at']) ?? 0,
    names: { made: names[0] ?? '', before: names[1] ?? '' },
    made: text(value['made']) || null,
    ran: value['ran'],
  };
}
