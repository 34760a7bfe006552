import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { readText } from '../system/read-text.ts';

/** What the kernel accounts to one container. Counters count since it started. */
export interface CgroupReading {
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly blockReadBytes: number | null;
  readonly blockWrittenBytes: number | null;
  readonly pids: number | null;
}

/** One container's control group. Reading it takes no privilege, and no call to the engine. */
export interface Cgroup {
  /** ns of CPU time; undefined once the group is gone. */
  cpu(): number | undefined;
  /** Undefined once the group is gone. */
  read(): CgroupReading | undefined;
}

/** Mount points: of the one hierarchy (version 2), or of each controller (version 1). */
export type CgroupMounts =
  | { readonly version: 2; readonly unified: string }
  | { readonly version: 1; readonly controllers: ReadonlyMap<string, string> };

const controllers = ['cpuacct', 'memory', 'blkio', 'pids'] as const;

/** Finds the mounts in /proc/self/mounts. Null on a host without control groups. cgroups(7). */
export function findMounts(mounts = readText('/proc/self/mounts')): CgroupMounts | null {
  const found = new Map<string, string>();
  let unified: string | undefined;
  for (const line of mounts.split('\n')) {
    const [, path = '', type, options = ''] = line.split(' ');
    if (type === 'cgroup2') unified ??= path;
    if (type !== 'cgroup') continue;
    for (const controller of controllers)
      if (options.split(',').includes(controller)) found.set(controller, path);
  }
  // A host in between has both, with the controllers in version 1.
  if (found.has('memory') && found.has('cpuacct')) return { version: 1, controllers: found };
  return unified === undefined ? null : { version: 2, unified };
}

/** Where the engine puts a container's group, below a mount: its two drivers, without or with systemd. */
function usualPlaces(id: string): string[] {
  return [`/docker/${id}`, `/system.slice/docker-${id}.scope`];
}

/** Where the kernel says a process is, below each mount (proc(5), /proc/[pid]/cgroup). */
function placesOf(pid: number, controller: string): string[] {
  return readText(`/proc/${pid}/cgroup`)
    .split('\n')
    .flatMap((line) => {
      const [, names = '', ...path] = line.split(':');
      const belongs = controller === '' ? names === '' : names.split(',').includes(controller);
      return belongs && path.length > 0 ? path.join(':') : [];
    });
}

/**
 * @param pid of a process of the container, for engines that put their groups elsewhere
 * @returns null when its group cannot be seen from here
 */
export function findCgroup(mounts: CgroupMounts, id: string, pid: number | null): Cgroup | null {
  const locate = (mount: string, controller: string, file: string): string | undefined => {
    const places = [...usualPlaces(id), ...(pid === null ? [] : placesOf(pid, controller))];
    return places.map((place) => mount + place).find((folder) => existsSync(`${folder}/${file}`));
  };
  if (mounts.version === 2) {
    const folder = locate(mounts.unified, '', 'cpu.stat');
    return folder === undefined ? null : new UnifiedCgroup(folder);
  }
  const [cpu, memory, block, pids] = controllers.map((controller) => {
    const mount = mounts.controllers.get(controller);
    return mount === undefined ? undefined : locate(mount, controller, 'cgroup.procs');
  });
  return cpu === undefined || memory === undefined ? null : new SplitCgroup({ cpu, memory, block, pids });
}

/** Documentation/admin-guide/cgroup-v2.rst */
class UnifiedCgroup implements Cgroup {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  cpu(): number | undefined {
    const micros = keyed(readText(`${this.#folder}/cpu.stat`), 'usage_usec');
    return micros === undefined ? undefined : micros * 1000;
  }

  read(): CgroupReading | undefined {
    const cpuNanoseconds = this.cpu();
    if (cpuNanoseconds === undefined) return undefined;
    const folder = this.#folder;
    const cache = keyed(readText(`${folder}/memory.stat`), 'inactive_file') ?? 0;
    const io = [...readText(`${folder}/io.stat`).matchAll(/\b(rbytes|wbytes)=(\d+)/g)];
    const bytes = (kind: string): number =>
      io.reduce((sum, [, name, value]) => (name === kind ? sum + Number(value) : sum), 0);
    return {
      cpuNanoseconds,
      memoryBytes: withoutCache(numberIn(`${folder}/memory.current`) ?? 0, cache),
      memoryLimitBytes: limit(numberIn(`${folder}/memory.max`)),
      blockReadBytes: bytes('rbytes'),
      blockWrittenBytes: bytes('wbytes'),
      pids: numberIn(`${folder}/pids.current`) ?? null,
    };
  }
}

interface SplitFolders {
  readonly cpu: string;
  readonly memory: string;
  readonly block: string | undefined;
  readonly pids: string | undefined;
}

/** Documentation/admin-guide/cgroup-v1/{cpuacct,memory,blkio-controller,pids}.rst */
class SplitCgroup implements Cgroup {
  readonly #folders: SplitFolders;

  constructor(folders: SplitFolders) {
    this.#folders = folders;
  }

  cpu(): number | undefined {
    return numberIn(`${this.#folders.cpu}/cpuacct.usage`);
  }

  read(): CgroupReading | undefined {
    const cpuNanoseconds = this.cpu();
    const { memory, block, pids } = this.#folders;
    const used = numberIn(`${memory}/memory.usage_in_bytes`);
    if (cpuNanoseconds === undefined || used === undefined) return undefined;
    const cache = keyed(readText(`${memory}/memory.stat`), 'total_inactive_file') ?? 0;
    const io = block === undefined ? '' : readText(`${block}/blkio.throttle.io_service_bytes_recursive`);
    const bytes = (kind: string): number =>
      [...io.matchAll(/^\d+:\d+ (\w+) (\d+)$/gm)].reduce(
        (sum, [, name, value]) => (name === kind ? sum + Number(value) : sum),
        0,
      );
    return {
      cpuNanoseconds,
      memoryBytes: withoutCache(used, cache),
      memoryLimitBytes: limit(numberIn(`${memory}/memory.limit_in_bytes`)),
      blockReadBytes: block === undefined ? null : bytes('Read'),
      blockWrittenBytes: block === undefined ? null : bytes('Write'),
      pids: pids === undefined ? null : (numberIn(`${pids}/pids.current`) ?? null),
    };
  }
}

/** As the docker command counts (docker/cli, calculateMemUsageUnixNoCache): cache that would be dropped first is not used. */
export function withoutCache(used: number, cache: number): number {
  return cache < used ? used - cache : used;
}

/** "max", or a number beyond all memory, stands for no limit but the host's own memory. */
function limit(bytes: number | undefined): number {
  return Math.min(bytes ?? Number.POSITIVE_INFINITY, totalmem());
}

function numberIn(file: string): number | undefined {
  const content = readText(file).trim();
  return /^\d+$/.test(content) ? Number(content) : undefined;
}

function keyed(content: string, key: string): number | undefined {
  const value = new RegExp(`^${key} (\\d+)$`, 'm').exec(content)?.[1];
  return value === undefined ? undefined : Number(value);
}
