import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { object, parse } from '../docker/json.ts';
import { AgentError } from '../errors.ts';
import { readIfThere, writeWhole } from '../files.ts';
import type { Policy } from '../policy.ts';
import { removeFiles } from './git-lay.ts';
import { StackTrees } from './git-trees.ts';
import { checkStackName, isStackName } from './names.ts';
import { readPlain, requireWritable, type StackPlace } from './place.ts';

/** So many deployments of a stack can be gone back to. */
const KEPT_VERSIONS = 50;
/** Made elsewhere a stack may have any of these (Compose's own list); ours have the first. */
const composeFile = 'compose.yaml';
const envFile = '.env';
/** Beside the versions of a stack whose files lie elsewhere. */
const placeFile = 'place.json';

/** The two files that make a stack. */
export interface StackFiles {
  readonly compose: string;
  /** Of variables, as Compose reads .env; '' without. */
  readonly env: string;
}

/** What one service ran as, for a return to exactly that. */
export interface DeployedService {
  readonly service: string;
  readonly image: string;
  /** sha256:… of this host's copy. */
  readonly imageId: string;
  /** name@sha256:…, by which a registry gives the same one again. Empty for one that was built or imported here. */
  readonly digests: readonly string[];
  readonly configHash: string | null;
}

/** A deployment that came to a good end. */
export interface StackVersion {
  /** From 1, and each is one more than the last. */
  readonly number: number;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** As the control plane names who asked for it. */
  readonly actor: string;
  /** The version that this one went back to. */
  readonly restores: number | null;
  readonly composeVersion: string;
  readonly services: readonly DeployedService[];
  /** Of the repository that its file came from; null for one that came from elsewhere. */
  readonly commit: string | null;
  /** What of a repository lay beside its file, by the name that it is kept by; null for nothing. */
  readonly tree: string | null;
}

/** With what is only read to deploy it again. */
export interface KeptVersion extends StackVersion {
  readonly files: StackFiles;
  /** What Compose made of the files, as JSON. */
  readonly normalised: string;
}

export interface StoreOptions {
  /** Where the stacks' folders are. */
  readonly folder: string;
  /** Where their versions are: outside of what a container could be given. */
  readonly versions: string;
  readonly policy: () => Pick<Policy, 'deniesPath'>;
}

/**
 * The stacks whose files the agent keeps: plain files in a folder each, for whoever sits at the host, and what was deployed
 * beside them. Secrets stand in both, so they are the account's alone (0600 in 0700).
 */
export class StackStore {
  readonly #options: StoreOptions;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  names(): string[] {
    try {
      return readdirSync(this.#options.versions, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && isStackName(entry.name))
        .map(({ name }) => name);
    } catch {
      return [];
    }
  }

  has(name: string): boolean {
    return isStackName(name) && existsSync(this.#versionsOf(name));
  }

  /** Whether its files lie in a folder that the agent did not make. */
  isPlaced(name: string): boolean {
    return this.#placeOf(name) !== null;
  }

  /** Where the stacks are that were made here. */
  get folder(): string {
    return this.#options.folder;
  }

  /** The same to be told, whether it may be opened or not. */
  placeIn(name: string): string {
    return this.#placeOf(name)?.folder ?? path.join(this.#options.folder, name);
  }

  /** Where a stack of this name has its files. @throws AgentError INPUT_INVALID, POLICY_DENIED */
  folderOf(name: string): string {
    checkStackName(name);
    const folder = this.placeIn(name);
    if (this.#options.policy().deniesPath(folder)) {
      throw new AgentError('POLICY_DENIED', `This agent's own configuration denies ${folder}.`);
    }
    return folder;
  }

  /**
   * The folder, made where it is missing, unless it is one that was taken over.
   *
   * @throws AgentError as {@link folderOf}, and CONFLICT where a link leads elsewhere
   */
  prepare(name: string): string {
    const folder = this.folderOf(name);
    if (this.#placeOf(name)) {
      if (existsSync(folder) && realpathSync(folder) === folder) return folder;
      throw new AgentError('CONFLICT', `${folder}, where ${name} has its files, is gone or leads elsewhere.`);
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (realpathSync(folder) !== path.join(realpathSync(this.#options.folder), name)) {
      throw new AgentError('CONFLICT', `${folder} is a link that leads elsewhere.`);
    }
    chmodSync(folder, 0o700);
    return folder;
  }

  /** As they stand there now, whoever wrote them last; null where there are none. @throws AgentError */
  files(name: string): StackFiles | null {
    const folder = this.folderOf(name);
    if (!this.has(name) || !existsSync(folder)) return null;
    this.prepare(name);
    const place = this.#placeOf(name);
    if (place) {
      // Containers may write there, and so put links and pipes in the place of files.
      const compose = readPlain(path.join(folder, place.file), this.#options.policy());
      if (compose === undefined) return null;
      return { compose, env: readPlain(path.join(folder, envFile), this.#options.policy()) ?? '' };
    }
    const compose = readIfThere(path.join(folder, composeFile));
    return compose === undefined ? null : { compose, env: readIfThere(path.join(folder, envFile)) ?? '' };
  }

  /** @throws AgentError, or the file system's error */
  write(name: string, { compose, env }: StackFiles): void {
    const folder = this.prepare(name);
    const place = this.#placeOf(name);
    if (place) {
      writeOver(path.join(folder, place.file), compose);
      if (env !== '' || existsSync(path.join(folder, envFile))) writeOver(path.join(folder, envFile), env);
      return;
    }
    writeWhole(path.join(folder, composeFile), compose, 0o600);
    if (env === '') rmSync(path.join(folder, envFile), { force: true });
    else writeWhole(path.join(folder, envFile), env, 0o600);
  }

  /** @throws AgentError POLICY_DENIED where a stack was taken over whose files cannot be changed */
  requireWritable(name: string): void {
    const place = this.#placeOf(name);
    if (place) requireWritable(place);
  }

  /** Oldest first. */
  numbers(name: string): number[] {
    if (!this.has(name)) return [];
    return readdirSync(this.#versionsOf(name))
      .flatMap((file) => Number(/^(\d+)\.json$/.exec(file)?.[1] ?? Number.NaN))
      .filter(Number.isSafeInteger)
      .toSorted((a, b) => a - b);
  }

  latest(name: string): number | null {
    return this.numbers(name).at(-1) ?? null;
  }

  /** @throws AgentError NOT_FOUND */
  version(name: string, number: number): KeptVersion {
    checkStackName(name);
    const text = readIfThere(path.join(this.#versionsOf(name), `${Math.trunc(number)}.json`));
    if (text === undefined) throw new AgentError('NOT_FOUND', `${name} has no version ${number}.`);
    return keptVersionOf(object(parse(text)));
  }

  /** A version without its files: of a stack with many, those alone are much to read. @throws AgentError NOT_FOUND */
  summary(name: string, number: number): StackVersion {
    checkStackName(name);
    const text = readIfThere(this.#summaryOf(name, number));
    if (text !== undefined) return stackVersionOf(object(parse(text)));
    // Of before there were summaries.
    const { files: _files, normalised: _normalised, ...version } = this.version(name, number);
    writeWhole(this.#summaryOf(name, number), JSON.stringify(version), 0o600);
    return version;
  }

  /**
   * Keeps what was deployed as the next version, and forgets the oldest beyond {@link KEPT_VERSIONS}.
   *
   * @param place - where the files of a new stack are that the agent did not make
   */
  keep(name: string, version: Omit<KeptVersion, 'number'>, place?: StackPlace): StackVersion {
    const number = (this.latest(name) ?? 0) + 1;
    const folder = this.#versionsOf(name);
    if (place) writeWhole(path.join(folder, placeFile), JSON.stringify(place), 0o600);
    const kept: KeptVersion = { ...version, number };
    const { files: _files, normalised: _normalised, ...summary } = kept;
    // First, as what has no version is nobody's summary and is written over by the next.
    writeWhole(this.#summaryOf(name, number), JSON.stringify(summary), 0o600);
    writeWhole(path.join(folder, `${number}.json`), JSON.stringify(kept), 0o600);
    for (const old of this.numbers(name).slice(0, -KEPT_VERSIONS)) {
      for (const file of [path.join(folder, `${old}.json`), this.#summaryOf(name, old)]) {
        rmSync(file, { force: true });
      }
    }
    this.trees(name).prune(() => new Set(this.numbers(name).map((one) => this.summary(name, one).tree)));
    return kept;
  }

  /** Forgets a stack. What else stands in its folder stays: it may be a container's data; all of one taken over does. */
  forget(name: string): void {
    const folder = this.folderOf(name);
    if (this.#placeOf(name)) {
      rmSync(this.#versionsOf(name), { recursive: true, force: true });
      return;
    }
    const latest = this.latest(name);
    const tree = latest === null ? null : this.summary(name, latest).tree;
    if (tree !== null && existsSync(folder)) {
      const lain = this.trees(name).read(tree) ?? [];
      removeFiles(
        folder,
        lain.map((file) => file.path),
      );
    }
    for (const file of [composeFile, envFile]) rmSync(path.join(folder, file), { force: true });
    rmSync(this.#versionsOf(name), { recursive: true, force: true });
    removeEmpty(folder);
  }

  /** Takes the folder away that was made for a stack which came to nothing. What is in it, if anything, stays with it. */
  abandon(name: string): void {
    if (!isStackName(name) || this.#placeOf(name) || this.latest(name) !== null) return;
    removeEmpty(path.join(this.#options.folder, name));
  }

  /** What versions of a stack have beside their file. */
  trees(name: string): StackTrees {
    checkStackName(name);
    return new StackTrees(this.#versionsOf(name));
  }

  /** Null for a stack that was made here. */
  #placeOf(name: string): StackPlace | null {
    if (!isStackName(name)) return null;
    const text = readIfThere(path.join(this.#versionsOf(name), placeFile));
    if (text === undefined) return null;
    const { folder, file } = object(parse(text));
    return { folder: String(folder), file: String(file) };
  }

  #summaryOf(name: string, number: number): string {
    return path.join(this.#versionsOf(name), `${Math.trunc(number)}.summary.json`);
  }

  #versionsOf(name: string): string {
    return path.join(this.#options.versions, name);
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something else is in it, or it was never made.
  }
}

/** As whoever made the file wanted it read by others. */
function writeOver(file: string, text: string): void {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) throw new AgentError('CONFLICT', `${file} is a link or no file.`);
  writeWhole(file, text, stat ? stat.mode & 0o777 : 0o600);
}

/** Written by this agent or one before it, and read as carefully as anything else. */
function keptVersionOf(value: Readonly<Record<string, unknown>>): KeptVersion {
  const files = object(value['files']);
  return {
    ...stackVersionOf(value),
    files: { compose: String(files['compose']), env: typeof files['env'] === 'string' ? files['env'] : '' },
    normalised: String(value['normalised']),
  };
}

function stackVersionOf(value: Readonly<Record<string, unknown>>): StackVersion {
  const services = Array.isArray(value['services']) ? value['services'].map(object) : [];
  const restores = value['restores'];
  return {
    number: Number(value['number']),
    at: Number(value['at']),
    actor: String(value['actor']),
    restores: typeof restores === 'number' ? restores : null,
    composeVersion: String(value['composeVersion']),
    commit: typeof value['commit'] === 'string' ? value['commit'] : null,
    tree: typeof value['tree'] === 'string' ? value['tree'] : null,
    services: services.map((service) => ({
      service: String(service['service']),
      image: String(service['image']),
      imageId: String(service['imageId']),
      digests: Array.isArray(service['digests']) ? service['digests'].map(String) : [],
      configHash: typeof service['configHash'] === 'string' ? service['configHash'] : null,
    })),
  };
}
