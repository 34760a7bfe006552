import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { run } from '../../testing/processes.ts';
import { tempDir, type TempDir } from '../../testing/tmp.ts';

/** An agent as a commit of this repository's history had it, bundled with the dependencies of today. */
export interface BuiltAgent extends AsyncDisposable {
  /** What `node` runs. */
  readonly entry: string;
}

async function requireHistory(commit: string): Promise<void> {
  try {
    await run('git', ['cat-file', '-e', `${commit}^{commit}`]);
  } catch (cause) {
    throw new Error(
      `This clone has no commit ${commit}, which an older agent is built from, so it cannot be shown that older agents are served. Fetch the whole history: git fetch --unshallow`,
      { cause },
    );
  }
}

/** What the build finds beside it: the dependencies of this tree, and the rooms of that one. */
async function linkDependencies(tree: TempDir): Promise<void> {
  await mkdir(tree.file('node_modules'));
  for (const name of await readdir('node_modules')) {
    const [from, to] = [resolve('node_modules', name), tree.file('node_modules', name)];
    // The links to the rooms are relative, and so lead into the other tree.
    if (name === '@serverkit') await cp(from, to, { recursive: true, verbatimSymlinks: true });
    else await symlink(from, to);
  }
}

/** @throws Error when the history does not reach that far */
export async function buildAgent(commit: string): Promise<BuiltAgent> {
  await requireHistory(commit);
  await using undo = new AsyncDisposableStack();
  const tree = undo.use(await tempDir('serverkit-old-agent-'));
  const archive = tree.file('tree.tar');
  await run('git', [
    'archive',
    '--output',
    archive,
    commit,
    'agent',
    'wire',
    'package.json',
    'tsconfig.json',
  ]);
  await run('tar', ['-xf', archive, '-C', tree.path]);
  await linkDependencies(tree);
  await run(process.execPath, [tree.file('agent', 'build.ts')]);
  const owned = undo.move();
  return {
    entry: tree.file('agent', 'dist', 'serverkit-agent.cjs'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
