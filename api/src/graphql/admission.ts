import { GraphQLError, OperationTypeNode } from 'graphql';
import { defaultPageSize } from '../builder.ts';
import { holderOf, isPerson, type RequestContext } from '../context.ts';
import { ServerKitError, unauthenticated } from '../errors.ts';
import type { Analysis } from './analysis.ts';
import { costOf } from './cost.ts';
import { type Documents, pickOperation, type Prepared } from './documents.ts';
import { limits } from './limits.ts';
import { tooComplex } from './shape.ts';
import { checkVariables } from './text.ts';

export interface Wanted {
  readonly prepared: Prepared;
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** An operation that may run; give it back when it ended. */
export interface Admitted {
  readonly analysis: Analysis;
  release(): void;
}

/** The last checks before anything runs, for both transports: what reading alone cannot tell. */
export class Admission {
  readonly #documents: Documents;
  /** Operations running, by person or place. */
  readonly #running = new Map<string, number>();

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  /** @throws ServerKitError or GraphQLError saying why not */
  admit({ prepared, operationName, variables }: Wanted, context: RequestContext): Admitted {
    const analysis = pickOperation(prepared, operationName);
    if (analysis.introspects && context.principal.kind === 'anonymous') throw unauthenticated();
    if (analysis.operation.operation === OperationTypeNode.SUBSCRIPTION && !context.socket) {
      throw new GraphQLError(
        'Subscriptions run over a WebSocket (graphql-transport-ws) at this same address.',
      );
    }
    checkVariables(variables);
    const cost = costOf({
      schema: this.#documents.schema,
      document: prepared.document,
      operation: analysis.operation,
      variables,
      context,
      pageSize: defaultPageSize,
    });
    if (cost > limits.cost) throw tooComplex('fields in its answer', limits.cost, cost);
    return { analysis, release: this.#count(context) };
  }

  #count({ principal, address }: RequestContext): () => void {
    const key = isPerson(principal) ? holderOf(principal) : address;
    const limit = isPerson(principal) ? limits.operationsPerUser : limits.operationsPerStranger;
    const running = this.#running.get(key) ?? 0;
    if (running >= limit) {
      throw new ServerKitError(
        'TOO_MANY_OPERATIONS',
        `You run ${limit} operations at once. Let some end first.`,
        {
          details: { limit },
        },
      );
    }
    this.#running.set(key, running + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const left = (this.#running.get(key) ?? 1) - 1;
      if (left > 0) this.#running.set(key, left);
      else this.#running.delete(key);
    };
  }
}
