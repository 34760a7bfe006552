import type { AgentScope } from '@serverkit/wire/scopes.ts';
import type * as z from 'zod';

/** A kind of long work, declared once by the domain it belongs to. */
export interface JobKind {
  /** noun.verb, which is also its action in the audit: `image.pull`. */
  readonly name: string;
  /** To begin and to cancel it. */
  readonly scope: AgentScope;
  /** To read its lines and its result. */
  readonly reads: AgentScope;
  /** What it must answer; without secrets, as it is stored and shown. */
  readonly result: z.ZodType<object>;
  /** Whether the next agent undoes what one was ended in the middle of, as far as it can. @default false */
  readonly undone?: boolean;
}

const kinds = new Map<string, JobKind>();

/** Declares a kind, so that a job of it is understood also by a process that did not begin it. */
export function jobKind(kind: JobKind): JobKind {
  kinds.set(kind.name, kind);
  return kind;
}

/** Undefined for one that this release has no more. */
export function kindOf(name: string): JobKind | undefined {
  return kinds.get(name);
}

/** The names of all kinds, by the scope that it takes to read what came of them. */
export function kindsByReader(): ReadonlyMap<AgentScope, readonly string[]> {
  const groups = Map.groupBy(kinds.values(), ({ reads }) => reads);
  return new Map([...groups].map(([scope, group]) => [scope, group.map(({ name }) => name)]));
}
