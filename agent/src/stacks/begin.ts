import { posix } from 'node:path';
import type { OperationContext } from '../context.ts';
import type { Authority } from '../docker/privilege/guard.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import type { Job, JobHandle, JobResult } from '../jobs/job.ts';
import { looksSecret } from '../docker/secret-values.ts';
import { checkStackName } from './names.ts';
import type { TreeFile } from './git-tree.ts';
import type { StackFiles } from './store.ts';

/** Longer than any sane start. Seconds. */
const MAX_PATIENCE = 3600;

export const baseVersionText =
  'The version that whoever asks has seen; null where the agent keeps none. CONFLICT when there is another meanwhile.';

export interface WantedJob {
  readonly jobId: string;
  readonly name: string;
}

/** Begins what is done to a stack. @throws AgentError */
export function beginStackJob(
  kind: string,
  { jobId, name }: WantedJob,
  { services, actor, signal }: OperationContext,
  {
    secrets = [],
    run,
  }: {
    readonly secrets?: readonly string[];
    readonly run: (job: JobHandle) => Promise<JobResult | undefined>;
  },
): Job {
  services.policy.requireFeature('docker');
  checkStackName(name);
  throwIfAborted(signal);
  return services.jobs.start({
    id: jobId,
    kind,
    target: name,
    scope: 'docker:compose:write',
    actor,
    secrets,
    run,
  });
}

export function authorityOf({ services, scopes }: OperationContext): Authority {
  return { scopes, deniesPath: (path) => services.policy.deniesPath(path) };
}

/** @returns ms @throws AgentError INPUT_INVALID */
export function patienceOf(seconds: number): number {
  if (seconds >= 1 && seconds <= MAX_PATIENCE) return seconds * 1000;
  throw new AgentError('INPUT_INVALID', `timeoutSeconds must be between 1 and ${MAX_PATIENCE}.`);
}

export const secretsText =
  'The secrets that it refers to, and those of the version before, which is gone back to; CONFLICT when one that is needed is missing.';

export const authsText =
  'For the registries that images of it come from; pulling takes docker:images:write as well.';

/**
 * What the files of a stack say in confidence: every value of its env file, and what looks like a password in the other.
 * In each of the ways that programs write it when they complain.
 */
export function secretsIn({ compose, env }: StackFiles): string[] {
  const literals = compose.split('\n').flatMap((line) => {
    const [, name = '', value = ''] = assignment.exec(line) ?? [];
    // The digest of an image looks drawn as well.
    return name === 'image' ? [] : formsOf(value).filter((form) => looksSecret(name, form));
  });
  return [...new Set([...valuesOf(env), ...literals])];
}

/** Larger ones are no lists of variables. Bytes. */
const MAX_ENV_FILE = 128 * 1024;

/** The same of a stack with files of a repository: env files that lie beside the others say as much. */
export function secretsBeside(files: StackFiles, beside: readonly TreeFile[]): string[] {
  const envFiles = beside.filter(
    ({ path: name, bytes }) => /(^|[.-])env($|\.)/.test(posix.basename(name)) && bytes.length <= MAX_ENV_FILE,
  );
  return [...secretsIn(files), ...envFiles.flatMap(({ bytes }) => valuesOf(bytes.toString()))];
}

/** `NAME: value`, `- NAME=value` or `"NAME": "value"` of a list or map of variables. */
const assignment = /^\s*(?:-\s+)?["']?([\w.-]+)["']?\s*(?:=|:\s)\s*(.*)$/;

/** Values of an env file: quoted ones may go over several lines. */
export function valuesOf(env: string): string[] {
  const entries = env.matchAll(
    /^[ \t]*(?:export[ \t]+)?[^\s#=:]+[ \t]*[=:][ \t]*("(?:[^"\\]|\\[^])*"|'[^']*'|[^\n]*)/gm,
  );
  return [...entries].flatMap(([, value = '']) => formsOf(value));
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** A value as it is written, without its comment, without its quotes, and with its escapes read. */
function formsOf(written: string): string[] {
  const whole = written.trim();
  const bare = whole.replace(/\s+#.*$/s, '');
  const inner = /^(["'])([^]*)\1/.exec(whole)?.[2] ?? bare.replace(/["']$/, '');
  const read = inner.replaceAll(/\\(.)/gs, (_found, letter: string) => escapes[letter] ?? letter);
  // A line of a longer one is told by itself.
  const lines = read.includes('\n') ? read.split('\n').map((line) => line.trim()) : [];
  return [...new Set([whole, bare, inner, read, ...lines])].filter((form) => form !== '');
}
