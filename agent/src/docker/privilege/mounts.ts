import path from 'node:path';
import { array, object, type JsonObject } from '../json.ts';
import type { Rule, Rules } from './outside.ts';
import { anything, isNothing, nothing, oneOf } from './values.ts';

/** The engine's own rule for the name of a volume (moby, volume/names). */
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

const hostFiles = 'opens files of the host to the container, and so may the Docker socket be';
const kernelFiles = "covers the kernel's own files";
const driverOrders = 'gives orders to the volume driver, which can open any file of the host';
const unclear = 'is not understood';

/** One of `-v`: `source:/target:options`, or an anonymous volume's `/target`. */
export interface Bind {
  /** Null for an anonymous volume. */
  readonly source: string | null;
  readonly target: string;
  readonly options: readonly string[];
}

/** Undefined for what is none. */
export function parseBind(text: unknown): Bind | undefined {
  if (typeof text !== 'string') return undefined;
  const [first = '', second, third, ...rest] = text.split(':');
  if (rest.length > 0 || first === '') return undefined;
  if (second === undefined) return { source: null, target: first, options: [] };
  return { source: first, target: second, options: third === undefined ? [] : third.split(',') };
}

function coversKernel(target: unknown): boolean {
  if (typeof target !== 'string' || !target.startsWith('/')) return true;
  return /^\/(proc|sys)(\/|$)/.test(path.posix.normalize(target));
}

export const bindsRule: Rule = (value) => {
  if (isNothing(value)) return undefined;
  if (!Array.isArray(value)) return unclear;
  return value.map(bindProblem).find((problem) => problem !== undefined);
};

/** Of an option of a bind that is a volume: propagation would reach the host. */
const volumeOptions: ReadonlySet<string> = new Set(['', 'ro', 'rw', 'z', 'Z', 'nocopy']);

function bindProblem(text: unknown): string | undefined {
  const bind = parseBind(text);
  if (!bind) return unclear;
  if (bind.source !== null && !volumeName.test(bind.source)) return hostFiles;
  if (coversKernel(bind.target)) return kernelFiles;
  return bind.options.every((option) => volumeOptions.has(option)) ? undefined : hostFiles;
}

/** The only options that mount nothing of the host: a volume in memory. */
function isInMemory(options: JsonObject): boolean {
  const { type, device, o, ...others } = options;
  if (type !== 'tmpfs' || device !== 'tmpfs' || Object.keys(others).length > 0) return false;
  return isNothing(o) || (typeof o === 'string' && o.split(',').every(isTmpfsOption));
}

/**
 * Whether a volume with this driver and these options holds nothing but its own files.
 *
 * @returns why not, or undefined
 */
export function volumeProblem(driver: unknown, options: unknown): string | undefined {
  if (!isNothing(driver) && driver !== 'local') return 'has its volumes made by a plugin';
  return isNothing(options) || isInMemory(object(options)) ? undefined : driverOrders;
}

const volumeOptionRules: Rules = new Map<string, Rule>([
  ['NoCopy', anything],
  ['Labels', anything],
  ['Subpath', anything],
  [
    'DriverConfig',
    (value) => {
      const { Name: name, Options: options, ...others } = object(value);
      return isNothing(others) ? volumeProblem(name, options) : driverOrders;
    },
  ],
]);

const tmpfsOptionRules: Rules = new Map<string, Rule>([
  ['SizeBytes', anything],
  ['Mode', anything],
]);

const mountRules: Rules = new Map<string, Rule>([
  ['Type', oneOf(['volume', 'tmpfs'], hostFiles)],
  ['Target', (value) => (coversKernel(value) ? kernelFiles : undefined)],
  ['ReadOnly', anything],
  ['Consistency', anything],
  ['BindOptions', nothing(hostFiles)],
  ['VolumeOptions', (value, defaults) => firstProblem(object(value), volumeOptionRules, defaults)],
  ['TmpfsOptions', (value, defaults) => firstProblem(object(value), tmpfsOptionRules, defaults)],
]);

export const mountsRule: Rule = (value, defaults) => {
  if (isNothing(value)) return undefined;
  if (!Array.isArray(value)) return unclear;
  return array(value)
    .map((one) => {
      const mount = object(one);
      const { Source: source, ...others } = mount;
      if (!('Type' in mount)) return unclear;
      if (
        mount['Type'] === 'volume' &&
        !isNothing(source) &&
        !(typeof source === 'string' && volumeName.test(source))
      )
        return hostFiles;
      return firstProblem(others, mountRules, defaults);
    })
    .find((problem) => problem !== undefined);
};

function firstProblem(given: JsonObject, rules: Rules, defaults: Parameters<Rule>[1]): string | undefined {
  for (const [key, value] of Object.entries(given)) {
    const rule = rules.get(key);
    const problem = rule ? rule(value, defaults) : unclear;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isTmpfsOption(option: string): boolean {
  return /^(rw|ro|noexec|exec|nosuid|nodev|noatime|nodiratime|relatime|(size|nr_inodes)=\d+[kmgKMG%]?|mode=[0-7]+|[ug]id=\d+)?$/.test(
    option,
  );
}

/** Of volumes without a name, by where they are mounted. */
export const volumesRule: Rule = (value) =>
  Object.keys(object(value)).some(coversKernel) ? kernelFiles : undefined;

export const tmpfsRule: Rule = (value) => {
  if (isNothing(value)) return undefined;
  const entries: [string, unknown][] = Object.entries(object(value));
  const inside = entries.every(
    ([target, options]) =>
      !coversKernel(target) && typeof options === 'string' && options.split(',').every(isTmpfsOption),
  );
  return inside ? undefined : 'mounts it otherwise than memory is mounted';
};
