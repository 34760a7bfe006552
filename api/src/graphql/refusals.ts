import type { GraphQLResolveInfo } from 'graphql';
import { actorOf } from '../audit/actor.ts';
import type { RequestContext } from '../context.ts';
import type { ServerKitError } from '../errors.ts';

/** Puts a refusal by scope on the record: which field, by whom, with what arguments. */
export function noteRefusal(context: RequestContext, info: GraphQLResolveInfo, error: ServerKitError): void {
  context.services.audit.refused({
    actor: actorOf(context),
    action: `${info.parentType.name}.${info.fieldName}`,
    code: error.code,
    parameters: info.path.prev === undefined ? { ...info.variableValues } : {},
  });
}
