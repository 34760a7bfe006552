import { mutate } from '../api/operations.ts';
import { graphql } from '../generated/gql.ts';
import type { Job } from '../jobs/job-text.ts';
import { startedJob } from '../jobs/started.ts';

const Pull = graphql(`
  mutation Images_Pull($input: PullImageInput!) {
    pullImage(input: $input) {
      job {
        id
      }
    }
  }
`);

/** Begins to pull an image. @param ended - called when that is over @throws Failure when it does not begin */
export async function pullImage(
  serverId: string,
  reference: string,
  ended: (job: Job) => void,
): Promise<void> {
  const { pullImage: begun } = await mutate(Pull, { input: { serverId, reference } });
  startedJob(begun.job.id, ended);
}
