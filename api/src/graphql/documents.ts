import { GraphQLError, parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { ServerKitError } from '../errors.ts';
import { analyse, type Analysis } from './analysis.ts';
import { limits } from './limits.ts';
import { checkShape, tooComplex } from './shape.ts';
import { checkLiterals } from './text.ts';

/** A document that was parsed, measured and validated. */
export interface Prepared {
  readonly text: string;
  readonly document: DocumentNode;
  readonly analyses: readonly Analysis[];
}

export type Preparation =
  | { readonly ok: true; readonly prepared: Prepared }
  | { readonly ok: false; readonly errors: readonly Error[] };

/** Documents kept; a dashboard has about a hundred. */
const maxKept = 500;
/** Validation stops after so many errors: the rest would only be a longer answer. */
const maxErrors = 5;

/** Prepares documents once each, for both transports. */
export class Documents {
  readonly schema: GraphQLSchema;
  /** In the order of last use. */
  readonly #kept = new Map<string, Prepared>();

  constructor(schema: GraphQLSchema) {
    this.schema = schema;
  }

  prepare(text: string): Preparation {
    const known = this.#kept.get(text);
    if (known) {
      this.#kept.delete(text);
      this.#kept.set(text, known);
      return { ok: true, prepared: known };
    }
    try {
      return this.#read(text);
    } catch (error) {
      if (error instanceof GraphQLError || error instanceof ServerKitError)
        return { ok: false, errors: [error] };
      throw error;
    }
  }

  #read(text: string): Preparation {
    if (text.length > limits.documentLength)
      throw tooComplex('characters', limits.documentLength, text.length);
    const document = parseBounded(text);
    checkShape(document);
    checkLiterals(document);
    const errors = validate(this.schema, document, undefined, { maxErrors });
    if (errors.length > 0) return { ok: false, errors };
    const prepared = { text, document, analyses: analyse(this.schema, document) };
    // Only what is valid is kept, so that nobody can fill the memory with rubbish.
    this.#kept.set(text, prepared);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= maxKept) break;
      this.#kept.delete(oldest);
    }
    return { ok: true, prepared };
  }
}

function parseBounded(text: string): DocumentNode {
  try {
    return parse(text, { maxLexicalTokens: limits.tokens });
  } catch (error) {
    const aborted = error instanceof GraphQLError && error.message.includes('Parsing aborted');
    throw aborted ? tooComplex('tokens', limits.tokens) : error;
  }
}

/** The operation a request means. @throws GraphQLError when the name fits none, or there are several and no name */
export function pickOperation({ analyses }: Prepared, name: string | null | undefined): Analysis {
  const found = name ? analyses.find(({ operation }) => operation.name?.value === name) : analyses[0];
  if (found && (name || analyses.length === 1)) return found;
  throw new GraphQLError(
    name
      ? `There is no operation named ${name.slice(0, 100)}.`
      : 'Say which operation to run: set operationName.',
  );
}
