import { actorOf } from '../audit/actor.ts';
import type { RequestContext } from '../context.ts';
import {
  freshSignInRequired,
  notFound,
  permissionDenied,
  sessionNeeded,
  unauthenticated,
  type ServerKitError,
} from '../errors.ts';
import type { Services } from '../services.ts';
import { judge, scopeOf, type Need, type Verdict } from './access.ts';
import type { Asked } from './access-plugin.ts';

/** Whose rights are looked at, and where a refusal is put on record; a request is one. */
export interface Refusable extends Pick<RequestContext, 'principal' | 'address'> {
  readonly services: Pick<Services, 'audit'>;
}

/** The error for someone without what a field or type needs, put on record: which field, by whom. */
export function refusal(
  context: RequestContext,
  asked: Asked,
  need: Need,
  verdict: Exclude<Verdict, 'granted'>,
): ServerKitError {
  return onRecord(errorFor(context, need, verdict), context, asked);
}

/** The same for what depends on the arguments, such as one of many targets. Without a `where`: everywhere. @throws ServerKitError */
export function requireOn(context: Refusable, need: Need, action: string): void {
  const verdict = judge(context.principal, need);
  if (verdict === 'granted') return;
  const error = errorFor(context, need, verdict);
  const serverId = typeof need.where === 'string' ? need.where : undefined;
  context.services.audit.refused({
    actor: actorOf(context),
    action,
    code: error.code,
    ...(serverId !== undefined && { target: { kind: 'server', id: serverId.slice(0, 100) } }),
  });
  throw error;
}

/** The error for a sensitive change in a session that has not proven its password lately, put on record. */
export function staleSession(context: RequestContext, asked: Asked): ServerKitError {
  return onRecord(freshSignInRequired(), context, asked);
}

function onRecord(error: ServerKitError, context: RequestContext, { info, args }: Asked): ServerKitError {
  context.services.audit.refused({
    actor: actorOf(context),
    action: `${uncapitalize(info.parentType.name)}.${info.fieldName}`,
    code: error.code,
    // What was asked for may hold the answer to who tries what; below the root it repeats itself.
    parameters: info.path.prev === undefined ? { ...args } : {},
  });
  return error;
}

/** For one who may not see a server, it is as if there was none. */
function errorFor(
  { principal }: Pick<RequestContext, 'principal'>,
  { access, where }: Need,
  verdict: Verdict,
): ServerKitError {
  if (principal.kind === 'anonymous') return unauthenticated();
  if (access === 'session') return sessionNeeded();
  if (verdict === 'denied') return permissionDenied(scopeOf(access));
  return notFound('server', typeof where === 'string' ? where : namesOf(where));
}

function namesOf(where: Need['where']): string {
  return Array.isArray(where) ? where.slice(0, 3).join(', ') : '';
}

function uncapitalize(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
