import { createHash } from 'node:crypto';
import type { ImageStep } from './image.ts';

/** A layer on the disk: itself and what it lies upon, which is how images share it. */
export interface Layer {
  /** The same for the same layers in the same order (chain id, OCI image spec, config.md). */
  readonly chain: string;
  readonly sizeBytes: number;
}

/** Instructions that change no file, and so make no layer. */
const noLayer =
  /^(?:\/bin\/sh -c #\(nop\)\s+)?(?:ENV|CMD|ENTRYPOINT|LABEL|EXPOSE|USER|ARG|VOLUME|STOPSIGNAL|HEALTHCHECK|ONBUILD|SHELL|MAINTAINER)\b/;

/**
 * The layers of an image with their sizes. History lists steps that made no layer as well, of size 0, and does not say
 * which: those whose instruction never makes one are left out first.
 *
 * @param contents - digests of the layers' contents, lowest first
 * @param history - newest first, as the engine has it
 */
export function layersWithSizes(contents: readonly string[], history: readonly ImageStep[]): Layer[] {
  const steps = history.toReversed();
  const surplus = (left: readonly ImageStep[]): number => left.length - contents.length;
  let made = without(steps, surplus(steps), ({ createdBy }) => noLayer.test(createdBy));
  made = without(made, surplus(made), () => true);
  return chainsOf(contents).map((chain, index) => ({ chain, sizeBytes: made[index]?.sizeBytes ?? 0 }));
}

/** Leaves out up to `count` steps of size 0 that fit, newest first: what says so little is mostly at the end. */
function without(
  steps: readonly ImageStep[],
  count: number,
  fits: (step: ImageStep) => boolean,
): readonly ImageStep[] {
  let left = count;
  return steps
    .toReversed()
    .filter((step) => {
      if (left <= 0 || step.sizeBytes > 0 || !fits(step)) return true;
      left -= 1;
      return false;
    })
    .toReversed();
}

export function chainsOf(contents: readonly string[]): string[] {
  let below = '';
  return contents.map((content) => {
    below =
      below === '' ? content : `sha256:${createHash('sha256').update(`${below} ${content}`).digest('hex')}`;
    return below;
  });
}

/** Bytes of the layers that go when these images go and those stay: each counted once. */
export function freedBytes(going: readonly (readonly Layer[])[], staying: ReadonlySet<string>): number {
  const freed = new Map<string, number>();
  for (const { chain, sizeBytes } of going.flat()) if (!staying.has(chain)) freed.set(chain, sizeBytes);
  return [...freed.values()].reduce((sum, size) => sum + size, 0);
}
