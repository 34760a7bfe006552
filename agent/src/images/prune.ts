import { AgentError, throwIfAborted } from '../errors.ts';
import type { Engine } from '../docker/engine.ts';
import { array, object } from '../docker/json.ts';
import type {
  Image,
  ImageStep,
  KeptImage,
  PruneCandidate,
  PruneExtent,
  PrunePreview,
  PruneResult,
  PruneTarget,
} from './image.ts';
import { allImages } from './list.ts';
import { removeReference } from './actions.ts';
import { chainsOf, freedBytes, layersWithSizes, type Layer } from './layers.ts';
import { layersOf, stepOf } from './image-mapping.ts';

/** Questions about images under way at once. */
const AT_ONCE = 4;

/** What would go now: the same rule as `docker image prune`, with `--all` for what is unused. @throws AgentError */
export async function prunePreview(engine: Pick<Engine, 'get'>, extent: PruneExtent): Promise<PrunePreview> {
  const all = await allImages(engine);
  const going = all.filter((image) => prunable(image, extent));
  const { layers, chains } = await accounts(engine, going, all);
  return {
    images: going.map(candidateOf),
    reclaimableBytes: freedBytes([...layers.values()], stayingChains(all, going, chains)),
  };
}

function prunable(image: Image, extent: PruneExtent): boolean {
  return image.containers.length === 0 && (extent === 'UNUSED' || image.tags.length === 0);
}

function candidateOf({ id, tags, digests, sizeBytes }: Image): PruneCandidate {
  return { id, tags, digests, sizeBytes };
}

/**
 * Removes those of a preview that still are as they were shown: unused, and with the same names. Nothing else goes, and
 * nothing is forced.
 *
 * @throws AgentError when the engine cannot be asked; what it refuses is in the result
 */
export async function prune(
  engine: Engine,
  targets: readonly PruneTarget[],
  extent: PruneExtent,
  signal: AbortSignal,
): Promise<PruneResult> {
  const before = await allImages(engine);
  const named = before.filter(({ id }) => targets.some((target) => target.id === id));
  const { layers, chains } = await accounts(engine, named, before);
  const removed: Image[] = [];
  const kept: KeptImage[] = [];
  for (const target of targets) {
    throwIfAborted(signal);
    // Asked for each anew: a container may have been made from it while the others went.
    const image = (await allImages(engine)).find(({ id }) => id === target.id);
    const reason = reasonToKeep(image, target, extent) ?? (image && (await removal(engine, image)));
    if (image && reason === null) removed.push(image);
    else kept.push({ id: target.id, tags: target.tags, reason: reason ?? '' });
  }
  const after = await allImages(engine);
  const gone = removed.flatMap(({ id }) => layers.get(id) ?? []);
  return {
    removed: removed.map(candidateOf),
    kept,
    reclaimedBytes: freedBytes([gone], stayingChains(after, [], chains)),
  };
}

function reasonToKeep(image: Image | undefined, target: PruneTarget, extent: PruneExtent): string | null {
  if (!image) return 'It is gone already.';
  if (image.containers.length > 0) return 'A container was made from it meanwhile.';
  if (image.tags.toSorted().join(' ') !== target.tags.toSorted().join(' ')) {
    return 'Its names are not those that were shown any more.';
  }
  return prunable(image, extent) ? null : 'It has a name.';
}

/** @returns why the engine refused, or null */
async function removal(engine: Engine, image: Image): Promise<string | null> {
  const names = [...image.tags, ...image.digests];
  try {
    for (const name of names.length > 0 ? names : [image.id]) {
      await removeReference(engine, name).catch((error: unknown) => {
        // A digest goes with the last tag of its name.
        if (!(error instanceof AgentError && error.code === 'NOT_FOUND')) throw error;
      });
    }
    return null;
  } catch (error) {
    if (error instanceof AgentError && ['CONFLICT', 'DOCKER_ERROR'].includes(error.code)) {
      return error.message;
    }
    throw error;
  }
}

interface Accounts {
  /** Of those that may go, by id. */
  readonly layers: ReadonlyMap<string, readonly Layer[]>;
  /** Of every image, by id. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
}

async function accounts(
  engine: Pick<Engine, 'get'>,
  going: readonly Image[],
  all: readonly Image[],
): Promise<Accounts> {
  const layers = new Map<string, readonly Layer[]>();
  const chains = new Map<string, readonly string[]>();
  const sized = new Set(going.map(({ id }) => id));
  const rest = all.values();
  const worker = async (): Promise<void> => {
    for (const { id } of rest) {
      const contents = await contentsOf(engine, id);
      chains.set(id, chainsOf(contents));
      if (sized.has(id)) layers.set(id, layersWithSizes(contents, await historyOf(engine, id)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { layers, chains };
}

async function contentsOf(engine: Pick<Engine, 'get'>, id: string): Promise<string[]> {
  const reply = await unlessGone(engine.get(`/images/${id}/json`));
  return reply === undefined ? [] : layersOf(object(reply));
}

async function historyOf(engine: Pick<Engine, 'get'>, id: string): Promise<ImageStep[]> {
  return array(await unlessGone(engine.get(`/images/${id}/history`))).map((entry) => stepOf(object(entry)));
}

/** Nothing of an image that vanished meanwhile, which may be after any answer about it. */
async function unlessGone(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof AgentError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

function stayingChains(
  all: readonly Image[],
  going: readonly Image[],
  chains: Accounts['chains'],
): ReadonlySet<string> {
  const gone = new Set(going.map(({ id }) => id));
  return new Set(all.filter(({ id }) => !gone.has(id)).flatMap(({ id }) => chains.get(id) ?? []));
}
