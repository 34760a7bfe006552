import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import type { RequestContext } from '../context.ts';
import { heldOf } from '../graphql/held.ts';
import type { Asker } from './service.ts';

/** The agent reads it and says what is wrong with it. */
export const filePath = z
  .string()
  .max(4_095, 'must have at most 4,095 characters')
  .regex(/^\//, 'must begin with "/"');

/** With the rights of the request. */
export function askerFor(context: RequestContext, serverId: string): Asker {
  return {
    actor: actorOf(context),
    signal: context.signal,
    heldScopes: heldOf(context, serverId, ['docker:containers:privileged']),
  };
}
