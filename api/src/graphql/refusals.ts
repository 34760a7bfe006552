import type { GraphQLResolveInfo } from 'graphql';
import { actorOf } from '../audit/actor.ts';
import type { RequestContext } from '../context.ts';
import { permissionDenied, unauthenticated, type ServerKitError } from '../errors.ts';

/** The error for someone without the access a field or type asks for, put on record: which field, by whom. */
export function refusal(context: RequestContext, info: GraphQLResolveInfo, access?: string): ServerKitError {
  const error = context.principal.kind === 'anonymous' ? unauthenticated() : permissionDenied(access);
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
