import type { AnsweredError } from './errors.ts';

/** An operation as it is sent. */
export interface Payload {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** An answer as it came. What its data looks like the document says: the API answers as its schema promises. */
export interface RawAnswer<Data> {
  readonly data: Data | null;
  readonly errors: readonly AnsweredError[];
}
