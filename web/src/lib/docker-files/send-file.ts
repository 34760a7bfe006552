import { Failure, failureOf, type GraphQLErrorLike } from '../api/failure.ts';

export interface Sending {
  readonly signal: AbortSignal;
  /** @param sent - bytes so far */
  readonly onprogress: (sent: number) => void;
}

/**
 * Puts the bytes of a file to an address. Not by fetch, which does not tell how far it is.
 *
 * @returns the body of the answer
 * @throws Failure
 */
export function sendFile(url: string, file: Blob, { signal, onprogress }: Sending): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = (failure: Failure): void => reject(failure);
    const abort = (): void => request.abort();
    request.open('PUT', url);
    request.upload.addEventListener('progress', ({ loaded }) => onprogress(loaded));
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) resolve(request.responseText);
      else fail(failureIn(request.responseText));
    });
    request.addEventListener('error', () => fail(new Failure('NETWORK', 'The connection broke.')));
    request.addEventListener('abort', () => fail(new Failure('CANCELLED', 'The upload was cancelled.')));
    request.addEventListener('loadend', () => signal.removeEventListener('abort', abort));
    if (signal.aborted) return fail(new Failure('CANCELLED', 'The upload was cancelled.'));
    signal.addEventListener('abort', abort, { once: true });
    request.send(file);
  });
}

/** What the API says in the body of its answer. */
function failureIn(body: string): Failure {
  const parse: (text: string) => { readonly errors?: readonly GraphQLErrorLike[] } = JSON.parse;
  try {
    const [error] = parse(body).errors ?? [];
    if (error) return failureOf(error);
  } catch {
    // A proxy in between answers what it likes.
  }
  return new Failure('NETWORK', 'The answer was none of ServerKit.');
}
