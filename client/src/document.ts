import { print } from '@0no-co/graphql.web';
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';

/**
 * An operation: one of those this package exports, a `TypedDocumentNode` or `TypedDocumentString` of your own code
 * generator, or plain text, whose answer is then `unknown`.
 */
export type Document<Result, Variables> = DocumentTypeDecoration<Result, Variables> | string;

/** The text of a document, as it is sent. @throws TypeError for what is no document */
export function textOf(document: object | string): string {
  if (typeof document === 'string') return document;
  if (isParsed(document)) return print(document);
  if (isText(document)) return document.valueOf();
  throw new TypeError('This is not a GraphQL document: give its text, or what a code generator made of it.');
}

type Parsed = Parameters<typeof print>[0];

/** A generated document is an object made of text; that of another realm is one too. */
const isText = (document: object): document is { valueOf(): string } =>
  Object.prototype.toString.call(document) === '[object String]';

function isParsed(document: object): document is Parsed {
  return 'kind' in document && document.kind === 'Document';
}
