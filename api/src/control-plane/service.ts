import type { FrontDoor, Joinability } from '../http/front-door.ts';
import { productVersion } from '../release.ts';

/** About this installation. */
export interface ControlPlane {
  readonly version: string;
  readonly startedAt: Date;
  publicUrl(): string;
  joinability(): Joinability;
}

export function createControlPlane(frontDoor: FrontDoor): ControlPlane {
  return {
    version: productVersion,
    startedAt: new Date(),
    publicUrl: () => frontDoor.publicUrl(),
    joinability: () => frontDoor.joinability(),
  };
}
