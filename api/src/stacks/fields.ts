import * as z from 'zod';
import { builder } from '../builder.ts';

/** Compose's own rule for names of projects. */
export const stackName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,62}$/,
    'must be 1 to 63 lower-case letters, digits, dashes or underscores, and begin with a letter or digit',
  );

/** What fits into one message together with the rest. Characters. */
const composeText = z
  .string()
  .min(1, 'must not be empty')
  .max(512 * 1024, 'must have at most 512 KB');
const envText = z.string().max(128 * 1024, 'must have at most 128 KB');

export const StackFilesInput = builder.inputType('StackFilesInput', {
  description: 'The two files that make a stack.',
  fields: (t) => ({
    compose: t.string({
      required: true,
      description: 'The file compose.yaml, at most 512 KB.',
      validate: composeText,
    }),
    env: t.string({
      required: true,
      defaultValue: '',
      description: 'The file .env, at most 128 KB; empty without.',
      validate: envText,
    }),
  }),
});
