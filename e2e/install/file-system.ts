import { run } from '../../testing/processes.ts';

/** Every file of a machine: kind, mode, owner, size or target, and a hash of the content. */
export type Listing = ReadonlyMap<string, string>;

/** @param root - of the machine, seen from here */
export async function listFiles(root: string): Promise<Listing> {
  const listing = new Map<string, string>();
  const found = await run('find', [
    `${root}/`,
    '-xdev',
    '-mindepth',
    '1',
    '-printf',
    String.raw`%P\t%y %m %U:%G %l\n`,
  ]);
  for (const line of found.trimEnd().split('\n')) {
    const [path = '', facts = ''] = line.split('\t');
    listing.set(path, facts);
  }
  const script = 'cd "$0" && find . -xdev -type f -print0 | xargs -0 sha256sum --';
  for (const line of (await run('sh', ['-c', script, root])).trimEnd().split('\n')) {
    const path = line.slice(68);
    listing.set(path, `${listing.get(path)} ${line.slice(0, 64)}`);
  }
  return listing;
}

/** Paths that were added, removed or changed, apart from those that match. */
export function differences(before: Listing, after: Listing, except: RegExp): string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => !except.test(path) && before.get(path) !== after.get(path))
    .map((path) => `${path}: ${before.get(path) ?? 'absent'} -> ${after.get(path) ?? 'absent'}`);
}

/** What a shell and the tools that change users leave behind, whoever uses them. */
export const notOurs = /^(root\/\.bash_history|etc\/(passwd|group|shadow|gshadow)-)$/;
