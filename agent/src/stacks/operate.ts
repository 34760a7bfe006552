import { servicesOf } from '@serverkit/wire/compose-secrets.ts';
import type { DockerService } from '../docker/service.ts';
import { AgentError } from '../errors.ts';
import type { JobHandle } from '../jobs/job.ts';
import { readComposeFile } from './compose-file.ts';
import { waitUntilUp } from './health.ts';
import { needsOf, stepsOf } from './order.ts';
import { readProjects } from './projects.ts';
import type { StackService } from './stack.ts';
import type { StackStore } from './store.ts';

export const stackOperations = ['START', 'STOP', 'RESTART'] as const;
export type StackOperation = (typeof stackOperations)[number];

export interface OperateOptions {
  readonly name: string;
  readonly operation: StackOperation;
  /** Only these; all of them when there is none. */
  readonly services: readonly string[];
  /** Until what was started is up. Ms. */
  readonly timeoutMs: number;
}

export interface OperateTools {
  readonly docker: DockerService;
  readonly store: StackStore;
  /** Until one without a health check counts as up. Ms. */
  readonly settledMs: number;
}

const words = {
  START: { action: { kind: 'start' }, doing: 'starting', done: 'started' },
  STOP: { action: { kind: 'stop', timeoutSeconds: null }, doing: 'stopping', done: 'stopped' },
  RESTART: { action: { kind: 'restart', timeoutSeconds: null }, doing: 'restarting', done: 'restarted' },
} as const;

/**
 * Starts, stops or restarts containers that are there, in the order of what needs what. It asks the engine and not Compose,
 * which in its first generation can do it only with the file, and so works with stacks that were made elsewhere as well.
 *
 * @throws AgentError
 */
export async function operate(
  { name, operation, services, timeoutMs }: OperateOptions,
  job: JobHandle,
  { docker, store, settledMs }: OperateTools,
): Promise<void> {
  const { action, doing, done } = words[operation];
  const { signal } = job;
  const chosen = chosenOf(name, await containersOf(name, docker), services);
  const steps = stepsOf(chosen, needsOf(chosen, deployedServices(name, store)));
  job.step('Containers');
  for (const step of operation === 'STOP' ? steps.toReversed() : steps) {
    await everyOne(
      step.flatMap(({ name: service, containers }) =>
        containers.map(async ({ id }) => {
          job.progress({ item: service, status: doing });
          await docker.act(id, action, signal);
          job.progress({ item: service, status: done });
        }),
      ),
    );
    if (operation === 'STOP') continue;
    // What comes next may need an answer from these: those that can tell are waited for.
    const names = new Set(step.map((service) => service.name));
    const only = (service: string, health: string | null): boolean => health !== null && names.has(service);
    if (step !== steps.at(-1)) await waitUntilUp(docker, name, { timeoutMs, settledMs, job, signal, only });
  }
  if (operation === 'STOP') return;
  job.step('Health');
  const names = new Set(chosen.map((service) => service.name));
  const only = (service: string): boolean => names.has(service);
  await waitUntilUp(docker, name, { timeoutMs, settledMs, job, signal, only });
}

/** Of a stack that has any. @throws AgentError NOT_FOUND, CONFLICT */
async function containersOf(name: string, docker: DockerService): Promise<readonly StackService[]> {
  const services = (await readProjects(docker)).get(name)?.services ?? [];
  if (services.length > 0) return services;
  throw new AgentError('NOT_FOUND', `There is no container of ${name}. Deploy it first.`);
}

/** @throws AgentError NOT_FOUND for one that has no container */
export function chosenOf(
  name: string,
  all: readonly StackService[],
  wanted: readonly string[],
): readonly StackService[] {
  const unknown = wanted.filter((service) => !all.some((one) => one.name === service));
  if (unknown.length > 0) {
    throw new AgentError('NOT_FOUND', `${name} has no container of ${unknown.slice(0, 8).join(', ')}.`);
  }
  return wanted.length === 0 ? all : all.filter((one) => wanted.includes(one.name));
}

/** As they were deployed last; none for a stack whose files the agent does not keep. */
export function deployedServices(name: string, store: StackStore): ReturnType<typeof servicesOf> {
  const version = store.latest(name);
  if (version === null) return new Map();
  return servicesOf(readComposeFile(store.version(name, version).normalised).value);
}

/** Waits for all of them, so that nothing goes on behind the back of whoever is told of the first failure. */
export async function everyOne(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
