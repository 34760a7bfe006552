/** What went wrong, by the code that the message layer turns into a sentence with a next step. */
export class Failure extends Error {
  /** One of the API's codes, or NETWORK when no answer came. */
  readonly code: string;
  /** What the API sent beside the code. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The part of the answer that is missing because of it, such as `server.containers`. */
  readonly path: string;

  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}, path = '') {
    super(message);
    this.name = 'Failure';
    this.code = code;
    this.details = details;
    this.path = path;
  }
}

export interface GraphQLErrorLike {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

export function failureOf(error: GraphQLErrorLike): Failure {
  const code = error.extensions?.['code'];
  return new Failure(
    typeof code === 'string' ? code : 'INTERNAL',
    error.message,
    error.extensions ?? {},
    error.path?.join('.') ?? '',
  );
}

export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure('INTERNAL', error instanceof Error ? error.message : String(error));
}

/**
 * Whether what is said to be missing is more than the thing that was asked for: a branch, a file of a commit, an image of a
 * registry. Of a container or a server that is gone its kind or its id is all that there is to say.
 */
export const namesWhatIsMissing = (message: string): boolean =>
  message !== '' && !/^(?:There is )?no such |^There is no \w+ with the id /i.test(message);
