import { secretsNamed } from '@serverkit/wire/compose-secrets.ts';
import { allow, type Authority } from '../docker/privilege/guard.ts';
import { AgentError } from '../errors.ts';
import type { JobHandle, JobResult } from '../jobs/job.ts';
import { deploy, deployedServices, type DeployOptions, type DeployTools } from './deploy.ts';
import { judgePrivilege } from './privilege.ts';
import { readPlace, type PlacedFiles } from './place.ts';
import { readProjects } from './projects.ts';
import type { StackStore } from './store.ts';

export interface SourceOptions {
  readonly name: string;
  /** Of the Compose file or its folder; null for where Compose noted it when it made the containers. */
  readonly path: string | null;
  readonly authority: Authority;
}

/**
 * Finds the files of a stack that was made elsewhere, or of one that is to be made from files which lie there already.
 *
 * @throws AgentError
 */
export async function findSource(
  { name, path, authority }: SourceOptions,
  { docker, store }: Pick<DeployTools, 'docker' | 'store'>,
): Promise<PlacedFiles> {
  if (store.has(name)) throw new AgentError('CONFLICT', `The agent keeps the files of ${name} already.`);
  const project = (await readProjects(docker)).get(name);
  if (path === null && !project) {
    throw new AgentError('NOT_FOUND', `There is no stack ${name} on this server.`);
  }
  if (!project) return read(path ?? '', authority, store);
  const [noted, more] = project.configFiles;
  if (noted === undefined) {
    if (path !== null) return read(path, authority, store);
    throw new AgentError('NOT_FOUND', `Nobody noted where the file of ${name} is. Say its path.`);
  }
  if (more !== undefined) {
    throw new AgentError(
      'CONFLICT',
      `${name} was made from several files. Put them into one (docker compose config prints them so) and deploy that at the server first.`,
    );
  }
  // The first Compose notes it below the folder.
  const found = read(noted.startsWith('/') ? noted : `${project.folder ?? ''}/${noted}`, authority, store);
  if (path === null) return found;
  const asked = read(path, authority, store);
  if (asked.place.folder === found.place.folder && asked.place.file === found.place.file) return asked;
  throw new AgentError(
    'CONFLICT',
    `${name} was made from ${found.place.folder}/${found.place.file}. Leave the path out, or choose another name.`,
  );
}

const read = (path: string, authority: Authority, store: StackStore): PlacedFiles =>
  readPlace(path, authority, store.folder);

export type TakeOverOptions = Omit<
  DeployOptions,
  'files' | 'pull' | 'restores' | 'leaveFiles' | 'place' | 'tree' | 'baseVersion'
> & { readonly source: PlacedFiles };

/**
 * Has the agent keep versions of a stack whose files stay where they are: of one that runs without touching its containers,
 * and of one that does not by deploying it.
 *
 * @returns {version}
 * @throws AgentError
 */
export async function takeOver(
  { source, ...options }: TakeOverOptions,
  job: JobHandle,
  tools: DeployTools,
): Promise<JobResult> {
  const { name, authority, actor } = options;
  const { docker, normaliser, store } = tools;
  const { place, files } = source;
  // Of one that runs as well: the next deployment would have them to go back to, and nobody was asked for the right to them.
  const [secret] = secretsNamed(files.compose);
  if (secret !== undefined) {
    throw new AgentError(
      'CONFLICT',
      `The file asks for secrets (${secret}), which only a stack gets that is deployed from here. Deploy its text instead.`,
    );
  }
  if (!(await readProjects(docker)).has(name)) {
    return deploy({ ...options, files, place, baseVersion: null, pull: false, leaveFiles: true }, job, tools);
  }
  job.step('Check');
  if (store.has(name)) throw new AgentError('CONFLICT', `The agent keeps the files of ${name} already.`);
  const stack = await normaliser.normalise({ name, files, folder: place.folder }, job.signal);
  job.hide(stack.confidential);
  for (const warning of stack.warnings) job.line(warning, 'STDERR');
  allow(await judgePrivilege(docker.engine, stack), authority, `Taking over ${name}`);
  const services = await deployedServices(stack, docker, await normaliser.hashes(stack, job.signal));
  const version = store.keep(
    name,
    {
      at: Date.now(),
      actor,
      restores: null,
      composeVersion: stack.tool.version,
      files,
      normalised: stack.json,
      services,
      commit: null,
      tree: null,
    },
    place,
  );
  job.line(
    `${place.folder}/${place.file} is version ${version.number} of ${name}; its containers stay as they are.`,
  );
  return { version: version.number };
}
