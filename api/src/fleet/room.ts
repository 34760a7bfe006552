import type { Room } from '../platform.ts';
import type { Fleet } from './service.ts';

/** Goes on with what was to be done on many servers when the process ended. */
export function fleetRoom(fleet: Fleet): Room {
  return {
    name: 'fleet',
    // What is served does not wait for it.
    started: () => void fleet.resume(),
    drain: () => fleet.stop(),
  };
}
