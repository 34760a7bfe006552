import type { Room } from '../platform.ts';
import type { Access } from './service.ts';

/** Before the first request: where servers are decides who may see them. */
export function accessRoom({ placement }: Access): Room {
  return {
    name: 'access',
    prepare: () => placement.refresh(),
  };
}
