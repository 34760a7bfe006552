/**
 * What one operation may ask for, alike on HTTP and WebSocket. The dashboard's largest document stays below a third
 * of each.
 */
export const limits = {
  /** Bytes of an HTTP body or a WebSocket message. */
  messageBytes: 1024 * 1024,
  /** Characters of a document. */
  documentLength: 64 * 1024,
  tokens: 4_000,
  /** Levels of fields. The introspection query that tools send has 15. */
  depth: 16,
  /** Fields, with fragments counted where they are spread. */
  fields: 1_500,
  /** Fields under another name, counted alike: the way to ask the same thing many times. */
  aliases: 60,
  /** Fields of the root: each is a query or a change of its own. */
  rootFields: 30,
  /** `@include`, `@skip` and the like. */
  directives: 60,
  /** Fields an answer may hold, by the sizes of the pages asked for and a guess for plain lists. */
  cost: 150_000,
  /** Operations running at once for one person; open subscriptions count. */
  operationsPerUser: 2_000,
  /** The same for everyone without a session behind one address. */
  operationsPerStranger: 50,
} as const;
