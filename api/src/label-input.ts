import * as z from 'zod';
import { builder } from './builder.ts';

/** A label, or an option of a driver, of something that is made. */
export const LabelInput = builder.inputType('LabelInput', {
  description: 'A label, or an option of a driver.',
  fields: (t) => ({
    key: t.string({ required: true, description: 'Its name.', validate: z.string().min(1).max(256) }),
    value: t.string({
      required: true,
      description: 'Its value; may be empty.',
      validate: z.string().max(4_096),
    }),
  }),
});

/** So many of them, each once. */
export const labelsText = z
  .array(z.looseObject({ key: z.string() }))
  .max(100, 'at most 100')
  .refine((pairs) => new Set(pairs.map(({ key }) => key)).size === pairs.length, 'must not name one twice');
