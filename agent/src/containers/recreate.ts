import { setTimeout as sleep } from 'node:timers/promises';
import { parseImageReference, shownName } from '@serverkit/wire/image-reference.ts';
import type { Container } from '../docker/container.ts';
import type { Engine } from '../docker/engine.ts';
import { array, flag, number, object, text, type JsonObject } from '../docker/json.ts';
import { tellLastWords } from '../docker/last-words.ts';
import { AgentError, describe, throwIfAborted } from '../errors.ts';
import { localImage } from '../images/local.ts';
import { AgentStops } from '../jobs/job.ts';
import { discard, judged, make } from './create.ts';
import { AFTERWARDS, giveBack, type ReplacementNotes } from './replacements.ts';
import { deliveryOf, referencesOf, type GivenSecret } from './secrets.ts';
import { requestLike, type KeepOptions, type Origin } from './settings.ts';
import { entered, inspect, seen, type Work } from './work.ts';

/** What recreating tells while it is at it. */
export interface Steps {
  step(name: string): void;
  line(text: string, stream?: 'STDOUT' | 'STDERR'): void;
}

export interface RecreateOptions {
  /** @default the name its image has now */
  readonly image: string | null;
  /** How long it may take to become healthy. Ms. */
  readonly healthTimeoutMs: number;
  /** Those it was given, with their values of now. */
  readonly secrets: readonly GivenSecret[];
  /** The job that it is done for, which is told should the agent end in the middle. @default none */
  readonly job?: string;
  /** Where it is noted while it is under way. */
  readonly notes: ReplacementNotes;
}

export interface Recreated {
  readonly container: Container;
  /** Of the image before and now. */
  readonly imageIdBefore: string;
  readonly imageId: string;
}

const LOOK_EVERY = 250;
/** A container without a health check is taken for healthy when it has run for so long. Ms. */
const STEADY_FOR = 5_000;

/** @throws AgentError */
export async function originOf(engine: Engine, inspected: JsonObject): Promise<Origin> {
  const [image, info] = await Promise.all([
    engine.get(`/images/${text(inspected['Image'])}/json`).catch((error: unknown) => {
      if (error instanceof AgentError && error.code === 'NOT_FOUND') return null;
      throw error;
    }),
    engine.get('/info'),
  ]);
  return { inspected, image: image === null ? null : object(image), info: object(info) };
}

/**
 * Puts a new container in the place of one, with the same settings, out of the image that its name stands for now. The old
 * one is kept, stopped, until the new one is healthy; if that does not come true, the old one is put back and started.
 *
 * @throws AgentError CONFLICT with the reason when it was put back
 */
export async function recreate(
  reference: string,
  { image, healthTimeoutMs, secrets, job, notes }: RecreateOptions,
  work: Work,
  steps: Steps,
): Promise<Recreated> {
  const { engine } = work.docker;
  const { container: old, inspected } = await entered(work, reference, 'Recreating');
  if (flag(object(inspected['HostConfig'])['AutoRemove'])) {
    throw new AgentError(
      'CONFLICT',
      `${old.name} removes itself when it stops, so it could not be put back. Make another one instead.`,
    );
  }
  if (old.state === 'PAUSED') throw new AgentError('CONFLICT', `${old.name} is paused; resume it first.`);
  const ran = old.state === 'RUNNING' || old.state === 'RESTARTING';
  const next = image ?? text(object(inspected['Config'])['Image']);
  const origin = await originOf(engine, inspected);
  const delivery = deliveryOf(referencesOf(origin), secrets);
  const kept: KeepOptions = { image: next, anonymousVolumes: true, place: true, publishedPorts: true };
  const request = requestLike(origin, kept);
  await judged(engine, request, work.authority, `Recreating ${old.name}`);

  const names = namesFor(old);
  const parties: Parties = { old, names, ran, inspected };
  const one = { job: job ?? null, id: old.id, name: old.name, at: Date.now(), names, made: null, ran };
  notes.note(one);
  using _signs = notes.alive(old.id);
  try {
    steps.step(`making the new container out of ${next}`);
    const made = await make(engine, request, { name: names.made, delivery }, work.signal);
    for (const warning of made.warnings) steps.line(warning);
    const before = text(inspected['Image']);
    try {
      await mayFollow(engine, { before, made: made.id, next, info: origin.info }, work.authority.scopes);
      notes.note({ ...one, made: made.id });
    } catch (error) {
      await discard(engine, made.id);
      throw error;
    }
    await replace(parties, made.id, { healthTimeoutMs, work }, steps);
    notes.forget(old.id);
    const container = await seen(work, made.id);
    return { container, imageIdBefore: before, imageId: container.imageId };
  } catch (error) {
    if (!stops(work.signal)) notes.forget(old.id);
    throw error;
  }
}

const stops = ({ reason }: AbortSignal): boolean => reason instanceof AgentStops;

/** Has one that was made take the place of another, which is gone then. @throws AgentError as {@link recreate} */
async function replace(
  parties: Parties,
  made: string,
  { healthTimeoutMs, work }: { readonly healthTimeoutMs: number; readonly work: Work },
  steps: Steps,
): Promise<void> {
  const { engine } = work.docker;
  const { old, names, ran } = parties;
  const place = new Place(engine, parties, made);
  try {
    await place.take(work.signal, steps);
    if (ran) {
      steps.step('waiting until it is healthy');
      await becomeHealthy(engine, made, healthTimeoutMs, work.signal);
    }
  } catch (error) {
    // There is no time left: the next agent puts the old one back.
    if (stops(work.signal)) throw error;
    // Why it failed is in its log, which goes with it.
    if (!work.signal.aborted) await tellLastWords(engine, { id: made, name: old.name }, steps);
    steps.step('putting the old container back');
    await giveBack(engine, { ...old, made, ran }).catch((cause: unknown) => {
      throw new AgentError(
        'DOCKER_ERROR',
        `${old.name} failed and the one before could not be put back: ${describe(cause).replace(/[.]$/, '')}. It is there, stopped, as ${names.before} or ${old.name}.`,
        cause,
      );
    });
    if (work.signal.aborted) throw error;
    const why = error instanceof AgentError ? error.message : describe(error);
    throw new AgentError('CONFLICT', `${old.name} is as it was before, as the new one failed: ${why}`, error);
  }
  steps.step('removing the old container');
  await place.clear(steps);
}

function repositoryOf(reference: string): string {
  const parsed = parseImageReference(reference);
  return parsed ? shownName(parsed) : reference;
}

/**
 * Another image would run with what this one was told in confidence, and with its files: that is a program of one's own in
 * it. Another release of the same is not.
 *
 * @throws AgentError SCOPE_DENIED
 */
export function mayReplace(image: string, wanted: string, scopes: ReadonlySet<string>): void {
  if (repositoryOf(image) === repositoryOf(wanted) || scopes.has('docker:containers:exec')) return;
  throw new AgentError(
    'SCOPE_DENIED',
    `${wanted} is another image than ${image}, which takes docker:containers:exec: it would run with its variables and files.`,
  );
}

/**
 * Anybody who tags images can give a name to a program of their own. What came from where the name says it comes from is
 * told by its digest there, and so is what ran before; anything else under the name was put there on this host.
 *
 * @throws AgentError SCOPE_DENIED
 */
async function mayFollow(
  engine: Engine,
  {
    before,
    made,
    next,
    info,
  }: { readonly before: string; readonly made: string; readonly next: string; readonly info: JsonObject },
  scopes: ReadonlySet<string>,
): Promise<void> {
  if (scopes.has('docker:containers:exec')) return;
  const imageId = text((await inspect(engine, made))['Image']);
  if (imageId === before) return;
  const repository = repositoryOf(next);
  const local = givesDigestsToAll(info) ? null : await localImage(engine, imageId);
  if (local?.digests.some((digest) => repositoryOf(digest) === repository)) return;
  throw new AgentError(
    'SCOPE_DENIED',
    `Nothing here proves that what is called ${next} now was pulled under this name, which takes docker:containers:exec: it would run with the variables and files of another.`,
  );
}

/** With containerd's image store every name has a digest, also one that was only given here: it proves nothing. */
export function givesDigestsToAll(info: JsonObject): boolean {
  return array(info['DriverStatus']).some((pair) => array(pair).includes('io.containerd.snapshotter.v1'));
}

interface Names {
  readonly made: string;
  readonly before: string;
}

/** Tells whoever finds one of these after a power cut what it is. */
function namesFor({ name, id }: Container): Names {
  const stem = name.slice(0, 90);
  return { made: `${stem}.new-${id.slice(0, 8)}`, before: `${stem}.before-${id.slice(0, 8)}` };
}

interface Parties {
  readonly old: Container;
  readonly names: Names;
  readonly ran: boolean;
  readonly inspected: JsonObject;
}

/** The place of a container: its name, its addresses and ports, which only one of the two can have. */
class Place {
  readonly #engine: Engine;
  readonly #parties: Parties;
  readonly #made: string;

  constructor(engine: Engine, parties: Parties, made: string) {
    this.#engine = engine;
    this.#parties = parties;
    this.#made = made;
  }

  async take(signal: AbortSignal, steps: Steps): Promise<void> {
    const { old, names, ran, inspected } = this.#parties;
    throwIfAborted(signal);
    if (ran) {
      steps.step(`stopping ${old.name}`);
      const grace = number(object(inspected['Config'])['StopTimeout']) ?? 10;
      await this.#engine.post(`/containers/${old.id}/stop`, {}, grace * 1000 + AFTERWARDS);
    }
    await this.#rename(old.id, names.before);
    await this.#rename(this.#made, old.name);
    if (!ran) return;
    steps.step(`starting the new ${old.name}`);
    throwIfAborted(signal);
    await this.#engine.post(`/containers/${this.#made}/start`, {}, AFTERWARDS);
  }

  async clear(steps: Steps): Promise<void> {
    try {
      await this.#engine.delete(`/containers/${this.#parties.old.id}`, {}, AFTERWARDS);
    } catch (error) {
      steps.line(
        `The old container could not be removed: ${describe(error)}. It is ${this.#parties.names.before}.`,
      );
    }
  }

  async #rename(id: string, name: string): Promise<void> {
    await this.#engine.post(`/containers/${id}/rename`, { name });
  }
}

/** @throws AgentError when it ends, is unhealthy, or takes too long */
async function becomeHealthy(
  engine: Engine,
  id: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const { State: given, RestartCount: restarts } = await inspect(engine, id);
    const state = object(given);
    const health = text(object(state['Health'])['Status']);
    const took = performance.now() - begun;
    if (health === 'healthy') return;
    if (health === 'unhealthy')
      throw new AgentError('CONFLICT', 'its health check says that it is unhealthy.');
    if (!flag(state['Running']) || flag(state['Restarting']) || (number(restarts) ?? 0) > 0) {
      throw new AgentError('CONFLICT', `it ended with exit code ${number(state['ExitCode']) ?? '?'}.`);
    }
    if ((health === '' || health === 'none') && took >= Math.min(STEADY_FOR, timeoutMs)) return;
    if (took >= timeoutMs) {
      throw new AgentError('CONFLICT', `it was not healthy within ${Math.round(timeoutMs / 1000)} s.`);
    }
    throwIfAborted(signal);
    await sleep(LOOK_EVERY);
  }
}

export interface DuplicateOptions {
  readonly name: string;
  /** Publishes the same ports, which only one that runs can have. */
  readonly publishedPorts: boolean;
  readonly start: boolean;
  /** Those it was given, with their values of now. */
  readonly secrets: readonly GivenSecret[];
}

/**
 * Makes another container like one, of the same image. Volumes with a name and folders are shared, those without a name
 * are its own; addresses are not taken.
 */
export async function duplicate(
  reference: string,
  { name, publishedPorts, start, secrets }: DuplicateOptions,
  work: Work,
): Promise<Container> {
  const { engine } = work.docker;
  const { container, inspected } = await entered(work, reference, 'Duplicating');
  const origin = await originOf(engine, inspected);
  const delivery = deliveryOf(referencesOf(origin), secrets);
  const request = requestLike(origin, {
    image:
      container.imageId === text(inspected['Image'])
        ? text(object(inspected['Config'])['Image'])
        : container.imageId,
    anonymousVolumes: false,
    place: false,
    publishedPorts,
  });
  await judged(engine, request, work.authority, `Duplicating ${container.name}`);
  const { id } = await make(engine, request, { name, delivery }, work.signal);
  try {
    if (start) {
      throwIfAborted(work.signal);
      await engine.post(`/containers/${id}/start`, {}, AFTERWARDS);
    }
    return await seen(work, id);
  } catch (error) {
    await discard(engine, id);
    throw error;
  }
}
