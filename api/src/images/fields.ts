import * as z from 'zod';

/** An image by name or id; the agent reads it and says what is wrong. */
export const imageReference = z
  .string()
  .min(1, 'must not be empty')
  .max(400, 'must have at most 400 characters')
  .regex(/^[\w./:@[\]-]*$/, 'must be the name or id of an image');
