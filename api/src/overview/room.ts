import type { Room } from '../platform.ts';
import type { Overview } from './service.ts';

/** After metrics, containers and update policies, whose memory it looks into. */
export function overviewRoom(overview: Overview): Room {
  return {
    name: 'overview',
    prepare: () => overview.start(),
    drain: () => overview.stop(),
  };
}
