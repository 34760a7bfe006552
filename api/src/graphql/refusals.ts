import type { GraphQLResolveInfo } from 'graphql';
import { actorOf } from '../audit/actor.ts';
import type { RequestContext } from '../context.ts';
import {
  freshSignInRequired,
  permissionDenied,
  sessionNeeded,
  unauthenticated,
  type ServerKitError,
} from '../errors.ts';

/** The error for someone without the access a field or type asks for, put on record: which field, by whom. */
export function refusal(context: RequestContext, info: GraphQLResolveInfo, access?: string): ServerKitError {
  return onRecord(lacking(context, access), context, info);
}

function lacking({ principal }: RequestContext, access: string | undefined): ServerKitError {
  if (principal.kind === 'anonymous') return unauthenticated();
  return access === 'session' ? sessionNeeded() : permissionDenied(access);
}

/** The error for a sensitive change in a session that has not proven its password lately, put on record. */
export function staleSession(context: RequestContext, info: GraphQLResolveInfo): ServerKitError {
  return onRecord(freshSignInRequired(), context, info);
}

function onRecord(error: ServerKitError, context: RequestContext, info: GraphQLResolveInfo): ServerKitError {
  context.services.audit.refused({
    actor: actorOf(context),
    action: `${uncapitalize(info.parentType.name)}.${info.fieldName}`,
    code: error.code,
    // What was asked for may hold the answer to who tries what; below the root it repeats itself.
    parameters: info.path.prev === undefined ? { ...info.variableValues } : {},
  });
  return error;
}

function uncapitalize(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
