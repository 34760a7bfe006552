import type { Engine } from '../docker/engine.ts';
import { object, text } from '../docker/json.ts';
import { AgentError } from '../errors.ts';
import { localImage } from '../images/local.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import { bring } from './bring.ts';
import { deploy, type DeployOptions, type DeployTools } from './deploy.ts';
import { requireKept } from './kept.ts';
import { chosenOf } from './operate.ts';
import { readProjects } from './projects.ts';
import type { StackContainer } from './stack.ts';

export interface RefreshOptions extends Omit<
  DeployOptions,
  'files' | 'pull' | 'restores' | 'leaveFiles' | 'place' | 'tree'
> {
  /** Only the images of these; of all of them when there is none. */
  readonly services: readonly string[];
  /** Deploy the newest version again with what was pulled. */
  readonly up: boolean;
}

/**
 * Pulls the images of a stack, and has it run with them if asked to.
 *
 * @returns {newer, version}: services that run another image than the one pulled, and the version that was deployed
 * @throws AgentError
 */
export async function refresh(
  { services, up, ...options }: RefreshOptions,
  job: JobHandle,
  tools: DeployTools,
): Promise<JobResult> {
  const { name, baseVersion } = options;
  const { docker, store } = tools;
  if (up) {
    const { files, services: known } = requireKept(name, baseVersion, store);
    const unknown = services.filter((service) => !known.some((one) => one.service === service));
    if (unknown.length > 0)
      throw new AgentError('NOT_FOUND', `${name} has no service ${unknown.join(', ')}.`);
    const pull = services.length === 0 ? true : new Set(services);
    const result = await deploy({ ...options, files, pull, leaveFiles: true }, job, tools);
    return { ...result, newer: [] };
  }
  const all = (await readProjects(docker)).get(name)?.services ?? [];
  if (all.length === 0)
    throw new AgentError('NOT_FOUND', `There is no container of ${name}. Deploy it first.`);
  job.step('Images');
  const newer: string[] = [];
  for (const { name: service, containers } of chosenOf(name, all, services)) {
    const image = await namedImage(docker.engine, containers[0]);
    if (image === undefined) continue;
    await bring({ service, reference: image }, options, job, docker);
    const local = await localImage(docker.engine, image);
    const changed = containers.some(({ imageId }) => imageId !== local?.id);
    job.progress({ item: service, status: changed ? 'newer' : 'the same' });
    if (changed) newer.push(service);
  }
  return { newer, version: null };
}

/** As the container was told to run it: a list tells the bare id as soon as the name means another image. */
async function namedImage(
  engine: Pick<Engine, 'get'>,
  container: StackContainer | undefined,
): Promise<string | undefined> {
  if (!container) return undefined;
  const { Config: config } = object(await engine.get(`/containers/${container.id}/json`));
  const image = text(object(config)['Image']);
  // There is nothing that a registry could be asked for.
  return image === '' || /^(sha256:)?[0-9a-f]{64}$/.test(image) ? undefined : image;
}
