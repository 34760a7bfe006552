import { GraphQLError } from 'graphql';
import type { AgentErrorCode } from '@serverkit/wire/errors.ts';
import { AgentError, describe } from '../errors.ts';

function agentErrorOf(error: unknown): AgentError | undefined {
  if (error instanceof AgentError) return error;
  return error instanceof GraphQLError ? agentErrorOf(error.originalError) : undefined;
}

/** The code of the closed set that a failure has or is masked as. */
export function codeOf(error: unknown): AgentErrorCode {
  const known = agentErrorOf(error);
  if (known) return known.code;
  // What fails before any field was resolved are the variables.
  return error instanceof GraphQLError && error.path === undefined ? 'INPUT_INVALID' : 'AGENT_INTERNAL';
}

/** The message, if it is one of ours: others may quote values, which do not belong on the disk. */
export function ownMessageOf(error: unknown): string | undefined {
  return agentErrorOf(error)?.message;
}

/** graphql-js quotes the value, which may be a secret and would be kept with the failure. */
function misfit({ message }: GraphQLError): string {
  const [name = 'A variable'] = /\$\w+/.exec(message) ?? [];
  return `${name} has a value that this agent does not take.`;
}

/** What may be told of a failure: ours as they are, anything else only that there was one. */
export function mask(error: GraphQLError, log: { error(message: string): void }): GraphQLError {
  const code = codeOf(error);
  const options = { ...(error.path === undefined ? {} : { path: error.path }), extensions: { code } };
  const own = ownMessageOf(error);
  if (own !== undefined) return new GraphQLError(own, options);
  if (code !== 'AGENT_INTERNAL') return new GraphQLError(misfit(error), options);
  log.error(`unexpected failure: ${describe(error.originalError ?? error)}`);
  return new GraphQLError('The agent failed unexpectedly; its log says why.', options);
}
