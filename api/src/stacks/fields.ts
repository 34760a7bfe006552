import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import type { RequestContext } from '../context.ts';
import { inputInvalid } from '../errors.ts';
import { askerOf } from '../graphql/held.ts';
import type { FilesReader } from './service.ts';

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

/** Of a stack. */
export const version = z.number().int().min(1).max(1_000_000_000);

/** Whether a stack takes these, only its agent can tell. */
export const mayTake = ['docker:containers:privileged', 'docker:images:write'] as const;

type InputFields = Parameters<Parameters<typeof builder.inputType>[1]['fields'] & object>[0];

export const pullField = {
  required: true,
  defaultValue: false,
  description: 'Pull every image, not only those that are missing.',
} as const;

/** Which stack is meant. */
export const targetFields = (t: InputFields) => ({
  name: t.string({ required: true, description: 'Of the stack.', validate: stackName }),
  serverId: t.id({ required: true }),
});

export const baseVersionField = (t: InputFields) => ({
  baseVersion: t.int({
    description:
      'The newest version that you have seen; none for a stack that has none. CONFLICT when somebody deployed another meanwhile.',
    validate: version,
  }),
});

export const timeoutField = (t: InputFields) => ({
  timeoutSeconds: t.int({
    required: true,
    defaultValue: 120,
    description: 'How long all of it may take to be up, 1 to 3,600.',
    validate: z.number().int().min(1).max(3_600),
  }),
});

/** What everything that brings a stack up is told. */
export const commonFields = (t: InputFields) => ({
  ...targetFields(t),
  ...baseVersionField(t),
  ...timeoutField(t),
});

/** On a server, as only its agent can judge. */
export const hostPath = z
  .string()
  .min(1, 'must not be empty')
  .max(4_096, 'must have at most 4,096 characters')
  .regex(/^\/[^\0]*$/, 'must be absolute');

/** @throws ServerKitError INPUT_INVALID over a WebSocket: what is answered over HTTP is marked to be stored nowhere */
export function readerOf(context: RequestContext): FilesReader {
  if (context.socket) throw inputInvalid('files', 'Ask for this over HTTP, not over a WebSocket.');
  return { actor: actorOf(context), asker: askerOf(context.principal) };
}
