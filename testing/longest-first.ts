import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take half a minute and more, the longest first: one that begins last leaves a core idle for as long. Without
 * it files go by their size, which says nothing of a short file that raises machines or walks over all pages.
 */
export const longest = [
  'e2e/dashboard/accessibility.e2e.ts',
  'e2e/deploy/compose.e2e.ts',
  'e2e/docker/comparisons.e2e.ts',
  'e2e/install/machines.e2e.ts',
  'e2e/faults/key-rotation.e2e.ts',
  'e2e/dashboard/stacks.e2e.ts',
  'e2e/faults/odd-hosts.e2e.ts',
  'e2e/keeping/restore.e2e.ts',
  'e2e/dashboard/git-stacks.e2e.ts',
  'e2e/graphiql/graphiql.e2e.ts',
  'e2e/faults/kill.e2e.ts',
  'api/src/local-agent/local-agent.integration.test.ts',
  'api/src/start.integration.test.ts',
  'agent/src/stacks/deploy.integration.test.ts',
  'agent/src/faults/engine-gone.integration.test.ts',
  'e2e/jobs/faults.integration.test.ts',
  'agent/src/stacks/operate.integration.test.ts',
  'e2e/link/key-rotation.integration.test.ts',
  'api/src/graphql/odd-input.integration.test.ts',
  'agent/src/stacks/secrets.integration.test.ts',
  'agent/src/stacks/plan.integration.test.ts',
  'api/src/backup/restore.integration.test.ts',
  'e2e/jobs/pull.integration.test.ts',
];

function rank({ moduleId }: TestSpecification): number {
  const place = longest.findIndex((file) => moduleId.endsWith(`/${file}`));
  return place === -1 ? longest.length : place;
}

const group = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- no array's: it leaves what it is given as it is
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => group(a) - group(b) || rank(a) - rank(b));
  }
}
