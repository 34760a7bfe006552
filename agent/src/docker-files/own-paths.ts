import { realpathSync } from 'node:fs';
import path from 'node:path';

/** What the agent keeps on this host. Absolute paths. */
export interface OwnPaths {
  readonly keyFile: string;
  readonly stateDir: string;
  /** In the state folder, but what lies there is made for containers. */
  readonly stacks: string;
}

/**
 * Whether files at a path of the host, or below it, are the agent's own: its private key, and all that it keeps. No scope
 * opens those, as who has the key is this server to the control plane.
 */
export function exposesOwn({ keyFile, stateDir, stacks }: OwnPaths): (candidate: string) => boolean {
  const own = [keyFile, stateDir].flatMap(forms);
  const shared = forms(stacks);
  return (candidate) =>
    forms(candidate).some(
      (form) =>
        own.some((one) => isBelow(one, form)) ||
        (own.some((one) => isBelow(form, one)) && !shared.some((one) => isBelow(form, one))),
    );
}

/** As it is written and, where this account may look, as it leads. */
function forms(candidate: string): string[] {
  const plain = path.resolve('/', candidate);
  try {
    return [...new Set([plain, realpathSync(plain)])];
  } catch {
    return [plain];
  }
}

function isBelow(candidate: string, folder: string): boolean {
  return folder === '/' || candidate === folder || candidate.startsWith(`${folder}/`);
}
