import type { StandardSchemaV1 } from '@pothos/plugin-validation';
import { ServerKitError } from '../errors.ts';

/** Turns what zod found into INPUT_INVALID with one issue for each field. */
export function invalidInput({ issues }: StandardSchemaV1.FailureResult): ServerKitError {
  const list = issues.map(({ path, message }) => ({
    path: (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message,
  }));
  const first = list[0];
  const message = first
    ? `${first.path ? `${first.path}: ` : ''}${first.message}`
    : 'The input is not valid.';
  return new ServerKitError('INPUT_INVALID', message, { details: { issues: list } });
}
