import * as z from 'zod';
import { jobKind } from '../jobs/service.ts';

const digest = z.string().max(512);

/** Downloads an image. Result: its id, and the digests it is known by. */
export const imagePull = jobKind({
  name: 'image.pull',
  scope: 'docker:images:write',
  reads: 'docker:images:read',
  result: z.object({ id: digest, digests: z.array(digest).max(1_000) }),
});
