import { randomBytes } from 'node:crypto';
import { docker, isAlive } from '../docker.ts';

const prefix = 'serverkit-test-compose-';

/** A project name that tells whose it is, so that a later run can tell leftovers from another run's. */
export const uniqueProject = (): string => `${prefix}${process.pid}-${randomBytes(3).toString('hex')}`;

/** Removes whatever a project has in the engine, by its labels: what `down --volumes` does, without the tool. */
export async function removeComposeProject(project: string): Promise<void> {
  const filter = ['--filter', `label=com.docker.compose.project=${project}`];
  const ids = async (...args: readonly string[]): Promise<string[]> =>
    (await docker(...args, ...filter)).split('\n').filter(Boolean);
  const containers = await ids('ps', '--all', '--quiet');
  if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers);
  const networks = await ids('network', 'ls', '--quiet');
  if (networks.length > 0) await docker('network', 'rm', ...networks);
  const volumes = await ids('volume', 'ls', '--quiet');
  if (volumes.length > 0) await docker('volume', 'rm', ...volumes);
}

/** Removes the projects of test runs that were killed before they could; those of living ones stay. */
export async function removeLeftProjects(): Promise<void> {
  const listed = await docker('ps', '--all', '--format', '{{.Label "com.docker.compose.project"}}');
  for (const name of new Set(listed.split('\n'))) {
    const owner = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : Number.NaN;
    if (Number.isInteger(owner) && !isAlive(owner)) await removeComposeProject(name);
  }
}
