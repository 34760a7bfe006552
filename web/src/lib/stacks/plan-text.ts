import { f, t } from '../i18n.svelte.ts';
import type { Look } from '../look.ts';
import type { PlannedService } from './planner.svelte.ts';

const looks: Record<PlannedService['action'], Look> = {
  CREATE: 'good',
  NONE: 'neutral',
  RECREATE: 'warning',
  REMOVE: 'critical',
  SCALE: 'warning',
  START: 'good',
};

export const actionLook = (action: PlannedService['action']): Look => looks[action];

/** An image by what it is called; once its name has gone to another, that is only the begin of its id. */
function imageText(name: string | null | undefined, id: string | null | undefined): string {
  const text = name || (id ?? '');
  return text.startsWith('sha256:') ? text.slice(7, 19) : text;
}

/**
 * Why something happens to a service, in words.
 *
 * @param changed - its settings that differ between the two files; undefined where that is not known
 * @param sameEnv - whether the variables are the same as before
 */
export function reasonsText(
  service: PlannedService,
  changed: readonly string[] | undefined,
  sameEnv: boolean,
): string[] {
  const words = t().stacks.reasons;
  return service.reasons.flatMap((reason): string[] => {
    switch (reason) {
      case 'CONFIG': {
        if (changed && changed.length > 0) return [words.settings(changed)];
        return [sameEnv ? words.outside : words.variables];
      }
      case 'IMAGE': {
        const { image, imageId, currentImage, currentImageId } = service;
        if (!imageId) return [words.pull(image ?? '')];
        if (image === currentImage)
          return [words.newer(imageText(null, currentImageId), imageText(null, imageId))];
        return [words.image(imageText(currentImage, currentImageId), imageText(image, imageId))];
      }
      case 'REPLICAS':
        return [words.replicas(f().number(service.currentReplicas), f().number(service.replicas))];
      case 'NOT_RUNNING':
        return [words.stopped];
      case 'GONE':
        return [words.gone];
      case 'NEW':
        return [service.replicas === 0 ? words.none : words.new(service.image ?? '')];
    }
  });
}
