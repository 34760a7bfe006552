import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrontDoor } from '../http/front-door.ts';
import { agentEntry } from './agent-bundle.ts';

/** For tests: a room of the agent that was built, holding next to nothing. */
export function builtAgent(directory: string, code = 'console.log("agent")\n'): string {
  mkdirSync(join(directory, 'dist'), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{"version":"9.8.7"}');
  writeFileSync(join(directory, 'dist', agentEntry), code);
  return directory;
}

/** For tests: a package that holds a Node binary. */
export function nodePackage(directory: string, binary: string | Uint8Array): string {
  mkdirSync(join(directory, 'bin'), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{"version":"24.0.0"}');
  writeFileSync(join(directory, 'LICENSE'), 'the terms');
  writeFileSync(join(directory, 'bin', 'node'), binary, { mode: 0o755 });
  return directory;
}

export const authority = {
  certificatePem: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
  fingerprint: 'ab'.repeat(32),
};

/** For tests: a front door as others see it. */
export function frontDoorAt(url: string, ownAuthority: boolean): FrontDoor {
  return {
    publicUrl: () => url,
    localUrl: () => url,
    joinability: () => ({ possible: true, url }),
    authority: () => (ownAuthority ? authority : undefined),
    localSocket: '/run/serverkit/agent.sock',
  };
}
