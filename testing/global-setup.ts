import { removeLeftovers } from './docker.ts';
import { missing } from './parts.ts';
import { removeLeftProjects } from './product/compose-project.ts';

/** Runs once before suites that use real parts: what killed runs left in the engine would count in their lists. */
export default async function setup(): Promise<void> {
  if (missing('docker') !== undefined) return;
  await removeLeftovers();
  await removeLeftProjects();
}
