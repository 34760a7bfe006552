/** A folder of the reader's own machine, to be put somewhere with all that is in it. Paths are below where it goes. */
export interface FolderTree {
  readonly name: string;
  /** Itself first, and each after the one that it is in. */
  readonly folders: readonly string[];
  readonly files: readonly { readonly folder: string; readonly file: File }[];
}

/** More than this are better packed and unpacked in a shell: each is an upload of its own. */
export const mostFiles = 2_000;

export class TooManyFiles extends Error {}

/** As a browser tells of what was dropped: a FileSystemEntry. */
export interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
}
export interface FolderEntry extends Entry {
  createReader(): { readEntries(found: (entries: Entry[]) => void, failed: (error: Error) => void): void };
}
export interface FileEntry extends Entry {
  file(found: (file: File) => void, failed: (error: Error) => void): void;
}

export const isFolder = (entry: Entry): entry is FolderEntry => entry.isDirectory && 'createReader' in entry;
const isFile = (entry: Entry): entry is FileEntry => !entry.isDirectory && 'file' in entry;

/** Of a folder that was dropped. @throws TooManyFiles, and what the browser says where it cannot read one */
export async function treeOfEntry(root: FolderEntry): Promise<FolderTree> {
  const folders: string[] = [];
  const files: { folder: string; file: File }[] = [];
  const walk = async (entry: FolderEntry, at: string): Promise<void> => {
    folders.push(at);
    for (const child of await childrenOf(entry)) {
      if (files.length + folders.length > mostFiles) throw new TooManyFiles();
      if (isFolder(child)) await walk(child, `${at}/${child.name}`);
      else if (isFile(child)) {
        files.push({
          folder: at,
          file: await new Promise<File>((found, failed) => child.file(found, failed)),
        });
      }
    }
  };
  await walk(root, root.name);
  return { name: root.name, folders, files };
}

/** A reader tells a hundred or so at a time, and none at the end. */
async function childrenOf(entry: FolderEntry): Promise<Entry[]> {
  const reader = entry.createReader();
  const all: Entry[] = [];
  for (;;) {
    const some = await new Promise<Entry[]>((found, failed) => reader.readEntries(found, failed));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/** Of a folder that was chosen: the browser tells its files alone, so an empty folder is not among them. @throws TooManyFiles */
export function treesOfFiles(chosen: Iterable<File>): FolderTree[] {
  const trees = new Map<string, { folders: Set<string>; files: { folder: string; file: File }[] }>();
  let count = 0;
  for (const file of chosen) {
    const parts = file.webkitRelativePath.split('/').slice(0, -1);
    const [name] = parts;
    if (name === undefined) continue;
    const tree = trees.get(name) ?? { folders: new Set(), files: [] };
    trees.set(name, tree);
    for (const [index] of parts.entries()) tree.folders.add(parts.slice(0, index + 1).join('/'));
    tree.files.push({ folder: parts.join('/'), file });
    if (++count > mostFiles) throw new TooManyFiles();
  }
  return [...trees].map(([name, { folders, files }]) => ({ name, folders: [...folders], files }));
}
