import { readFileSync } from 'node:fs';
import type { FrontDoor, Joinability } from '../http/front-door.ts';

/** About this installation. */
export interface ControlPlane {
  readonly version: string;
  readonly startedAt: Date;
  publicUrl(): string;
  joinability(): Joinability;
}

const parseManifest: (text: string) => { readonly version: string } = JSON.parse;

/** The release this is, from the workspace's package.json. */
function readVersion(): string {
  return parseManifest(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

export function createControlPlane(frontDoor: FrontDoor): ControlPlane {
  return {
    version: readVersion(),
    startedAt: new Date(),
    publicUrl: () => frontDoor.publicUrl(),
    joinability: () => frontDoor.joinability(),
  };
}
