import type { Scope } from '@serverkit/wire/scopes.ts';
import type { DockerService } from '../docker/service.ts';
import { forever } from '../docker/testing.ts';
import type { ReplacementNotes } from './replacements.ts';
import type { Work } from './work.ts';

/** Work on behalf of somebody with these scopes, on a host that denies nothing but what is named. */
export function workWith(
  docker: DockerService,
  { scopes = [], denied }: { readonly scopes?: readonly Scope[]; readonly denied?: string } = {},
): Work {
  return {
    docker,
    authority: { scopes: new Set<string>(scopes), deniesPath: (path) => path === denied },
    signal: forever,
  };
}

/** For replacements that nobody interrupts. */
export const unnoted: ReplacementNotes = {
  note: () => undefined,
  forget: () => undefined,
  alive: () => ({ [Symbol.dispose]: () => undefined }),
};
