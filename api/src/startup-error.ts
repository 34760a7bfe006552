/**
 * A reason not to start, told to the person at the terminal. The message is one whole sentence that says what is
 * wrong and, where it can, what to do; it holds no secret and needs no stack.
 */
export class StartupError extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'StartupError';
  }
}

/** The `code` of a system or driver error (`EADDRINUSE`, `28P01`, …), if it has one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What went wrong, in words, whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
