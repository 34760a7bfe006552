import { array, flag, number, object, text } from '../docker/json.ts';
import { filters } from '../docker/engine.ts';
import { isOwnContainer } from '../docker/own.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import type { Work } from './work.ts';

/** A stopped container, and what it frees. */
export interface PruneCandidate {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** What it wrote to its own file system; images and volumes stay. */
  readonly bytes: number;
  readonly createdAt: number;
}

/** One that was named and is still there, with the reason. */
export interface KeptContainer {
  readonly id: string;
  readonly name: string;
  readonly reason: string;
}

export interface PruneOutcome {
  readonly removed: readonly PruneCandidate[];
  readonly kept: readonly KeptContainer[];
}

/** To measure what many containers wrote, and to delete it. Ms. */
const MEASURING = 120_000;

/** Everything that does not run, by name. Measuring takes the engine a moment. */
export async function pruneCandidates({
  docker: { engine },
}: Pick<Work, 'docker'>): Promise<PruneCandidate[]> {
  const reply = await engine.call('GET', '/containers/json', {
    query: { all: true, size: true, ...filters({ status: ['created', 'exited', 'dead'] }) },
    extraMs: MEASURING,
  });
  return array(reply)
    .map(object)
    .filter((entry) => !isOwnContainer(entry))
    .map((entry) => ({
      id: text(entry['Id']),
      name: text(array(entry['Names'])[0]).replace(/^\//, ''),
      image: text(entry['Image']),
      bytes: number(entry['SizeRw']) ?? 0,
      createdAt: (number(entry['Created']) ?? 0) * 1000,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Removes those that were looked at, with their anonymous volumes if wanted, and no others: the engine's own prune would
 * take what stopped in the meantime as well. One that runs again stays.
 */
export async function prune(ids: readonly string[], volumes: boolean, work: Work): Promise<PruneOutcome> {
  const { engine } = work.docker;
  if (volumes && !work.authority.scopes.has('docker:volumes:write')) {
    throw new AgentError('SCOPE_DENIED', 'Removing volumes was not authorised with docker:volumes:write.');
  }
  const candidates = new Map((await pruneCandidates(work)).map((candidate) => [candidate.id, candidate]));
  const removed: PruneCandidate[] = [];
  const kept: KeptContainer[] = [];
  for (const id of new Set(ids)) {
    const candidate = candidates.get(id);
    if (!candidate) {
      kept.push({ id, name: '', reason: await whyNot(work, id) });
      continue;
    }
    try {
      throwIfAborted(work.signal);
      await engine.delete(`/containers/${id}`, { v: volumes }, MEASURING);
      removed.push(candidate);
    } catch (error) {
      if (!(error instanceof AgentError) || error.code === 'CANCELLED') throw error;
      kept.push({ id, name: candidate.name, reason: error.message });
    }
  }
  return { removed, kept };
}

async function whyNot({ docker: { engine } }: Work, id: string): Promise<string> {
  try {
    const state = object(object(await engine.get(`/containers/${encodeURIComponent(id)}/json`))['State']);
    return flag(state['Running']) ? 'It runs again.' : 'It is not stopped any more.';
  } catch (error) {
    if (error instanceof AgentError && error.code === 'NOT_FOUND') return 'It is gone already.';
    throw error;
  }
}
