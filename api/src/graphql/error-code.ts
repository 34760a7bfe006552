import { builder } from '../builder.ts';
import { errorCodes } from '../errors.ts';

/** GraphQL does not type its errors: this is for clients that generate types, and for fields that tell of an error. */
builder.enumType('ErrorCode', {
  description:
    'What `extensions.code` of an error can be. Releases may add codes: treat one you do not know like INTERNAL.',
  values: errorCodes,
});
