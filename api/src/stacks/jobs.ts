import * as z from 'zod';
import { jobKind } from '../jobs/service.ts';

const result = z.object({ version: z.number().int().positive() });

const rights = { scope: 'docker:compose:write', reads: 'docker:compose:write' } as const;
const common = { ...rights, result, undone: true } as const;

/** Deploys a stack. Result: the version that it became. */
export const stackDeploy = jobKind({ name: 'stack.deploy', ...common });

/** Deploys what a branch of a repository points to. Result: the version that it became, and the commit. */
export const stackSync = jobKind({
  name: 'stack.sync',
  ...rights,
  undone: true,
  result: z.object({
    version: z.number().int().positive(),
    commit: z.string().regex(/^[0-9a-f]{40,64}$/),
  }),
});

/** Deploys a version of a stack again. Result: the version that it became. */
export const stackRestore = jobKind({ name: 'stack.restore', ...common });

/** Keeps versions of a stack whose files stay where they are. Result: the version that it became. */
export const stackTakeover = jobKind({ name: 'stack.takeover', ...common });

const nothing = z.object({});

/** Starts containers of a stack. */
export const stackStart = jobKind({ name: 'stack.start', ...rights, result: nothing });

/** Stops containers of a stack. */
export const stackStop = jobKind({ name: 'stack.stop', ...rights, result: nothing });

/** Restarts containers of a stack. */
export const stackRestart = jobKind({ name: 'stack.restart', ...rights, result: nothing });

/** Pulls images of a stack. Result: services that run another image, and the version that was deployed with it. */
export const stackPull = jobKind({
  name: 'stack.pull',
  ...rights,
  undone: true,
  result: z.object({
    newer: z.array(z.string().max(256)).max(1_000),
    version: z.number().int().positive().nullable(),
  }),
});

const count = z.number().int().min(0);

/** Changes how many containers a service has. Result: how many it has. */
export const stackScale = jobKind({
  name: 'stack.scale',
  ...rights,
  undone: true,
  result: z.object({ replicas: count }),
});

const gone = z.object({ containers: count, networks: count, volumes: count });

/** Removes what was made for a stack. Result: how many of each went. */
export const stackDown = jobKind({ name: 'stack.down', ...rights, result: gone });

/** Removes a stack for good, its files and versions too. Result: how many of each went. */
export const stackRemove = jobKind({ name: 'stack.remove', ...rights, result: gone });
