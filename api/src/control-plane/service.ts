import type { Environment } from '../env.ts';
import type { FrontDoor, Joinability } from '../http/front-door.ts';
import { productVersion } from '../release.ts';

/** About this installation. */
export interface ControlPlane {
  readonly version: string;
  readonly startedAt: Date;
  /** Whether it serves GraphiQL. */
  readonly graphiql: boolean;
  publicUrl(): string;
  joinability(): Joinability;
}

export function createControlPlane(
  frontDoor: FrontDoor,
  { graphiql }: Pick<Environment, 'graphiql'>,
): ControlPlane {
  return {
    version: productVersion,
    startedAt: new Date(),
    graphiql,
    publicUrl: () => frontDoor.publicUrl(),
    joinability: () => frontDoor.joinability(),
  };
}
