import { builder } from '../builder.ts';

/** Of what is made: a label, or an option of a driver. */
export const LabelInput = builder.inputType('LabelInput', {
  fields: (t) => ({ key: t.string({ required: true }), value: t.string({ required: true }) }),
});
