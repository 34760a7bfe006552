import * as z from 'zod';
import { jobKind } from '../jobs/service.ts';

const result = z.object({ version: z.number().int().positive() });

const common = { scope: 'docker:compose:write', reads: 'docker:compose:read', result } as const;

/** Deploys a stack. Result: the version that it became. */
export const stackDeploy = jobKind({ name: 'stack.deploy', ...common });

/** Deploys a version of a stack again. Result: the version that it became. */
export const stackRestore = jobKind({ name: 'stack.restore', ...common });
