import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withScratch } from './git-remote.ts';
import type { TreeFile } from './git-tree.ts';
import type { Draft, Normalised, Normaliser } from './normalise.ts';
import { readComposeFile } from './compose-file.ts';
import { servicesOf } from './services-of.ts';
import { StackError } from './problem.ts';
import { secretNamesIn } from './secrets.ts';

export interface StageTools {
  readonly normaliser: Normaliser;
  /** Of the agent's own, for what only lives as long as it is read. */
  readonly scratch: string;
}

/**
 * Has Compose read a stack together with files that are not in its folder yet: in a folder of their own, whose name is
 * replaced in what comes of it. So nothing that runs sees files of a commit before they are judged.
 *
 * @throws StackError, AgentError
 */
export function normaliseStaged(
  draft: Draft,
  files: readonly TreeFile[],
  { normaliser, scratch }: StageTools,
  signal: AbortSignal,
): Promise<Normalised> {
  return withScratch(scratch, async (staged) => {
    for (const { path: name, bytes, executable } of files) {
      const file = path.join(staged, ...name.split('/'));
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, bytes, { mode: executable ? 0o700 : 0o600, flag: 'wx' });
    }
    const moved = (text: string): string => text.replaceAll(staged, draft.folder);
    try {
      const stack = await normaliser.normalise({ ...draft, folder: staged }, signal);
      const [secret] = secretNamesIn(stack);
      if (secret !== undefined) {
        throw new StackError([
          {
            line: null,
            message: `a stack from a repository gets no secrets, and this one asks for ${secret}: whoever can push there could have any of them told`,
          },
        ]);
      }
      // Its name was drawn for this once, so it stands nowhere but where Compose put it.
      const json = stack.json.replaceAll(staged, JSON.stringify(draft.folder).slice(1, -1));
      const { value } = readComposeFile(json);
      return {
        ...stack,
        folder: draft.folder,
        json,
        value,
        services: servicesOf(value),
        warnings: stack.warnings.map(moved),
      };
    } catch (error) {
      if (!(error instanceof StackError)) throw error;
      throw new StackError(error.problems.map(({ line, message }) => ({ line, message: moved(message) })));
    }
  });
}
