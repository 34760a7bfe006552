import * as z from 'zod';
import { jobKind } from '../jobs/service.ts';
import { targetStates } from './turn.ts';

const result = z.object({
  targets: z.array(
    z.object({
      serverId: z.string(),
      name: z.string(),
      state: z.enum(targetStates),
      jobId: z.string().nullable(),
      errorCode: z.string().nullable(),
      errorMessage: z.string().nullable(),
    }),
  ),
});

/** How one on many servers ended, server by server, as it is stored. */
export type FleetResult = z.output<typeof result>;

export function storedResult(value: unknown): FleetResult | undefined {
  return result.safeParse(value).data;
}

/** Deploys a stack to many servers. Result: how it ended on each. */
export const fleetDeploy = jobKind({
  name: 'fleet.deploy',
  scope: 'docker:compose:write',
  reads: 'docker:compose:write',
  result,
});

/** Pulls an image on many servers. Result: how it ended on each. */
export const fleetPull = jobKind({
  name: 'fleet.pull',
  scope: 'docker:images:write',
  reads: 'docker:images:read',
  result,
});
