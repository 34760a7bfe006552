import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readText } from './read-text.ts';
import type { MountUsage } from './sample.ts';

export interface Mount {
  readonly path: string;
  readonly device: string;
  readonly fsType: string;
}

/** Kept on other machines: asking for their usage can block for as long as the other machine is away. */
const remoteTypes = new Set([
  'nfs',
  'nfs4',
  'cifs',
  'smb3',
  'ceph',
  '9p',
  'afs',
  'fuse.glusterfs',
  'fuse.sshfs',
]);
/** Have no block device behind them and are real nonetheless. */
const otherTypes = new Set(['zfs', 'bcachefs', 'virtiofs', 'ubifs', 'vboxsf', ...remoteTypes]);
/** Images that are always full. */
const imageTypes = new Set(['squashfs', 'iso9660', 'udf', 'erofs', 'cramfs']);

/**
 * The file systems that hold somebody's files, each once, out of /proc/self/mountinfo (proc(5)). A file system that is
 * mounted or bind-mounted several times shows at its shortest path; what containers mount (overlay) is left out, unless
 * it is what this host itself stands on.
 */
export function parseMountinfo(mountinfo: string): Mount[] {
  const byDevice = new Map<string, Mount>();
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const path = unescape(left.split(' ')[4] ?? '');
    const [fsType = '', device = ''] = right.split(' ').map(unescape);
    if (!isReal(path, device, fsType)) continue;
    const known = byDevice.get(device);
    if (!known || path.length < known.path.length) byDevice.set(device, { path, device, fsType });
  }
  return [...byDevice.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function isReal(path: string, device: string, fsType: string): boolean {
  if (path === '') return false;
  if (path === '/') return fsType !== 'rootfs';
  if (imageTypes.has(fsType)) return false;
  return otherTypes.has(fsType) || device.startsWith('/dev/');
}

/** The kernel writes space, tab, newline and backslash as octal; the rest are the bytes of UTF-8. */
function unescape(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** A file system on a dead disk or server may never answer; the sample does not wait for it longer than this. Ms. */
const PATIENCE = 500;
/** Each that hangs holds one of Node's four pool threads; others need them too. */
const MAX_HANGING = 2;

/** The usage of every real mount, without ever waiting for one that hangs. */
export class MountMeter {
  readonly #pending = new Map<string, Promise<void>>();
  readonly #known = new Map<string, MountUsage>();
  readonly #mountinfo: string;

  /** @param mountinfo replaced in tests */
  constructor(mountinfo = '/proc/self/mountinfo') {
    this.#mountinfo = mountinfo;
  }

  async read(): Promise<MountUsage[]> {
    const mounts = parseMountinfo(readText(this.#mountinfo));
    this.#forgetAllBut(new Set(mounts.map((mount) => mount.path)));
    const asked = mounts.flatMap((mount) => this.#ask(mount) ?? []);
    const patience = new AbortController();
    await Promise.race([
      Promise.all(asked),
      sleep(PATIENCE, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    return mounts.flatMap((mount) => this.#known.get(mount.path) ?? []);
  }

  /** The promise of a fresh answer, or undefined while an older question hangs. */
  #ask(mount: Mount): Promise<void> | undefined {
    if (this.#pending.has(mount.path)) return undefined;
    if (this.#pending.size >= MAX_HANGING && remoteTypes.has(mount.fsType)) return undefined;
    const question = statfs(mount.path)
      .then((stats) => void this.#known.set(mount.path, usage(mount, stats)))
      .catch(() => void this.#known.delete(mount.path))
      .finally(() => this.#pending.delete(mount.path));
    this.#pending.set(mount.path, question);
    return question;
  }

  #forgetAllBut(paths: ReadonlySet<string>): void {
    for (const path of this.#known.keys()) if (!paths.has(path)) this.#known.delete(path);
  }
}

function usage(mount: Mount, stats: StatsFs): MountUsage {
  // statfs(2): blocks are counted in units of the fragment size; Node's types do not name it yet.
  const unit = 'frsize' in stats && typeof stats.frsize === 'number' ? stats.frsize : stats.bsize;
  return {
    ...mount,
    totalBytes: stats.blocks * unit,
    usedBytes: (stats.blocks - stats.bfree) * unit,
    availableBytes: stats.bavail * unit,
  };
}
