import { parseImageReference, registryHost } from '@serverkit/wire/image-reference.ts';
import { askedTooOften } from '@serverkit/wire/registry-words.ts';
import * as z from 'zod';
import type { Containers, SeenContainer } from '../containers/service.ts';
import { isServerKitError } from '../errors.ts';
import type { Images } from '../images/service.ts';
import type { Stacks } from '../stacks/service.ts';
import { followed } from './identity.ts';
import type { Runner } from './owners.ts';
import type { Hold, NewerImage, Policy, Problem } from './policy.ts';

/** What became known when registries were asked. */
export interface Survey {
  readonly newer: readonly NewerImage[];
  /** What could not be found out. */
  readonly problem: Problem | null;
  /** Of the container or stack itself. */
  readonly hold: Extract<Hold, 'gone' | 'stopped'> | null;
}

/** An image as a container was told to run it, and what it runs. */
interface RunImage {
  readonly containerId: string;
  readonly reference: string;
  readonly imageId: string;
}

interface Needs {
  readonly containers: Pick<Containers, 'list' | 'details'>;
  readonly images: Pick<Images, 'details' | 'updates'>;
  readonly stacks: Pick<Stacks, 'find'>;
}

/** A registry that says that it was asked too often is left alone for so long. Milliseconds. */
const patienceMs = 60 * 60_000;
/** A list tells the bare id as soon as the name means another image. */
const bareId = /^(sha256:)?[0-9a-f]{12,64}$/;
const imageShape = z.object({ Config: z.object({ Image: z.string().min(1) }) });

/** Asks registries what containers and stacks would run if they were made now. Nothing is downloaded. */
export class Surveyor {
  readonly #needs: Needs;
  /** Until when registries are left alone, by server and host: it is servers that they count. */
  readonly #patience = new Map<string, number>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** @throws ServerKitError when the server itself does not answer */
  async look(policy: Policy, runner: Runner, signal: AbortSignal, now: Date): Promise<Survey> {
    const found =
      policy.kind === 'container' ? await this.#container(policy) : await this.#stack(policy, runner);
    if (!found) return { newer: [], problem: null, hold: 'gone' };
    const { images, running } = found;
    const problems: Problem[] = [];
    const newer = new Map<string, NewerImage>();
    for (const image of images) {
      const answer = await this.#ask(policy, image, { runner, signal, now });
      if (answer && 'code' in answer) problems.push(answer);
      else if (answer) newer.set(answer.reference, answer);
    }
    // What a registry did not tell this time is as it was.
    if (problems.length > 0) {
      for (const known of policy.newer) {
        if (!newer.has(known.reference) && images.some(({ reference }) => reference === known.reference))
          newer.set(known.reference, known);
      }
    }
    return { newer: [...newer.values()], problem: problems[0] ?? null, hold: running ? null : 'stopped' };
  }

  async #container(policy: Policy) {
    const all = (await this.#needs.containers.list(policy.serverId, true)) ?? [];
    const container = followed(
      policy,
      all.map((seen) => seen.container),
    );
    if (!container) return undefined;
    return {
      images: [await this.#run(policy.serverId, container)],
      running: container.state === 'RUNNING' || container.state === 'RESTARTING',
    };
  }

  async #stack({ serverId, name }: Policy, { actor }: Runner) {
    const seen = await this.#needs.stacks.find(serverId, name, 'id' in actor ? actor.id : actor.kind);
    const containers = seen?.stack.services.flatMap((service) => service.containers) ?? [];
    if (containers.length === 0) return undefined;
    const images = new Map<string, RunImage>();
    for (const container of containers) {
      const image = await this.#run(serverId, container);
      images.set(`${image.reference} ${image.imageId}`, image);
    }
    return {
      images: [...images.values()],
      running: containers.some(({ state }) => state === 'RUNNING' || state === 'RESTARTING'),
    };
  }

  async #run(
    serverId: string,
    { id, image, imageId }: Pick<SeenContainer['container'], 'id' | 'image' | 'imageId'>,
  ): Promise<RunImage> {
    if (!bareId.test(image)) return { containerId: id, reference: image, imageId };
    const { inspectJson } = await this.#needs.containers.details(serverId, id, 'system');
    return { containerId: id, reference: configuredImage(inspectJson) ?? image, imageId };
  }

  /** @returns what is newer, what is in the way, or nothing */
  async #ask(
    { serverId }: Policy,
    { reference, imageId }: RunImage,
    { runner, signal, now }: { readonly runner: Runner; readonly signal: AbortSignal; readonly now: Date },
  ): Promise<NewerImage | Problem | undefined> {
    const parsed = parseImageReference(reference);
    // One that is named by its digest never changes, and a bare id is of no registry.
    if (!parsed || parsed.digest !== null || bareId.test(reference)) return undefined;
    const host = registryHost(parsed.host);
    const until = this.#patience.get(`${serverId} ${host}`) ?? 0;
    if (until > now.getTime()) {
      return {
        code: 'RATE_LIMITED',
        message: `${host} was asked too often from this server. It is left alone until ${new Date(until).toISOString().slice(11, 16)} UTC.`,
      };
    }
    const local = await this.#needs.images.details(serverId, imageId, 'system');
    const digests = local?.image.digests ?? [];
    if (digests.length === 0) return undefined;
    const [update] = await this.#needs.images.updates(serverId, [reference], {
      actor: runner.actor,
      signal,
      withCredentials: runner.scopes.has('docker:images:write'),
    });
    if (!update || update.state === 'LOCAL') return undefined;
    if (update.remoteDigest === null) return this.#problem(update.error, `${serverId} ${host}`, now);
    // What the container runs counts: its name may mean something newer here already.
    const runs = digests.some((digest) => digest.endsWith(`@${update.remoteDigest}`));
    return runs ? undefined : { reference, digest: update.remoteDigest };
  }

  #problem(error: unknown, place: string, now: Date): Problem {
    if (!isServerKitError(error)) return { code: 'INTERNAL', message: 'It could not be found out.' };
    if (askedTooOften.test(error.message)) this.#patience.set(place, now.getTime() + patienceMs);
    return { code: error.code, message: error.message };
  }
}

function configuredImage(inspectJson: string): string | undefined {
  try {
    const inspected: unknown = JSON.parse(inspectJson);
    const shape = imageShape.safeParse(inspected);
    return shape.success ? shape.data.Config.Image : undefined;
  } catch {
    return undefined;
  }
}
