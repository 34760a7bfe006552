import type { OperationContext } from '../context.ts';
import type { Authority } from '../docker/privilege/guard.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import type { Job, JobHandle, JobResult } from '../jobs/job.ts';
import { checkStackName } from './names.ts';

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

/** Values of an env file: programs quote them when they complain. */
export function valuesOf(env: string): string[] {
  return env.split('\n').flatMap((line) => {
    const value = line.trim().startsWith('#') ? '' : line.slice(line.indexOf('=') + 1).trim();
    return value === '' ? [] : [value, value.replace(/^(["'])(.*)\1$/, '$2')];
  });
}
