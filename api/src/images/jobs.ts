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

/** Uploads an image. Result: the digest that the registry knows it by. */
export const imagePush = jobKind({
  name: 'image.push',
  scope: 'docker:images:write',
  reads: 'docker:images:read',
  result: z.object({ digest }),
});

/** Builds an image. Result: its id and the tag it got. */
export const imageBuild = jobKind({
  name: 'image.build',
  scope: 'docker:images:write',
  reads: 'docker:images:read',
  result: z.object({ id: digest, tag: digest }),
});
