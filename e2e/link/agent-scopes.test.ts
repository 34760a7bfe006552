import { afterEach, describe, expect, it } from 'vitest';
import type { ScopePattern } from '@serverkit/wire/scopes.ts';
import { openBench, type Bench } from './agent-bench.ts';

const mark = 'mutation { mark(text: "done") }';
const shell = 'mutation { shell }';
const write = 'docker:containers:write';
const exec = 'docker:containers:exec';

interface Ceilings {
  readonly operation: readonly string[];
  readonly server: readonly string[];
  readonly local: readonly ScopePattern[] | 'managed';
}

describe('what the agent lets an operation do', () => {
  let bench: Bench;
  afterEach(() => bench[Symbol.asyncDispose]());

  /** @returns the answer's data, or its code */
  async function ask(query: string, { operation, server, local }: Ceilings) {
    bench = await openBench({ localScopes: local });
    const link = await bench.plane.link(server);
    return link.answer(link.run({ query, scopes: operation, actor: 'usr_ada', id: 'op' }));
  }

  const refused: readonly (readonly [what: string, query: string, Ceilings, code: string])[] = [
    [
      'the operation was authorised with nothing',
      mark,
      { operation: [], server: ['*'], local: ['*'] },
      'SCOPE_DENIED',
    ],
    [
      'the operation was authorised with something else',
      mark,
      { operation: ['docker:containers:read', 'docker:images:write'], server: ['*'], local: ['*'] },
      'SCOPE_DENIED',
    ],
    ['the server grants nothing', mark, { operation: [write], server: [], local: ['*'] }, 'SCOPE_DENIED'],
    [
      'the server grants something else',
      mark,
      { operation: [write], server: ['system:*'], local: ['*'] },
      'SCOPE_DENIED',
    ],
    ['this host grants nothing', mark, { operation: [write], server: ['*'], local: [] }, 'POLICY_DENIED'],
    [
      'this host grants something else',
      mark,
      { operation: ['*'], server: ['*'], local: ['docker:containers:read'] },
      'POLICY_DENIED',
    ],
    [
      'docker:* of the server is not exec',
      shell,
      { operation: [exec], server: ['docker:*'], local: ['*'] },
      'SCOPE_DENIED',
    ],
    [
      'docker:containers:* of the server is not exec',
      shell,
      { operation: [exec], server: ['docker:containers:*'], local: ['*'] },
      'SCOPE_DENIED',
    ],
    [
      'docker:* of this host is not exec',
      shell,
      { operation: [exec], server: ['*'], local: ['docker:*'] },
      'POLICY_DENIED',
    ],
    [
      'docker:* of the operation is not exec',
      shell,
      { operation: ['docker:*'], server: ['*'], local: ['*'] },
      'SCOPE_DENIED',
    ],
    [
      'a pattern of another shape is nothing',
      mark,
      { operation: ['*:*'], server: ['*'], local: ['*'] },
      'SCOPE_DENIED',
    ],
    ['a prefix is no pattern', mark, { operation: ['docker'], server: ['*'], local: ['*'] }, 'SCOPE_DENIED'],
    [
      'a field that names no scope is for nobody',
      '{ unscoped }',
      { operation: ['*'], server: ['*'], local: ['*'] },
      'SCOPE_DENIED',
    ],
  ];

  it.each(refused)('refuses: %s', async (_what, query, ceilings, code) => {
    await expect(ask(query, ceilings)).resolves.toEqual({ code });
    expect(bench.traces.marks).toEqual([]);
    const field = /\w+ \}|\{ (\w+)/.exec(query)?.[1];
    expect(bench.refusals()).toEqual([
      expect.objectContaining({ operationId: 'op', actor: 'usr_ada', code, field }),
    ]);
  });

  const allowed: readonly (readonly [what: string, query: string, Ceilings])[] = [
    ['the scope itself, three times', mark, { operation: [write], server: [write], local: [write] }],
    [
      'patterns that stand for it',
      mark,
      { operation: [write], server: ['docker:*'], local: ['docker:containers:*'] },
    ],
    ['exec by its own name', shell, { operation: [exec], server: ['docker:*', exec], local: [exec] }],
    ['exec by *', shell, { operation: [exec], server: ['*'], local: ['*'] }],
    [
      'whatever the server grants, where the host leaves it to the control plane',
      shell,
      { operation: [exec], server: [exec], local: 'managed' },
    ],
  ];

  it.each(allowed)('allows: %s', async (_what, query, ceilings) => {
    await expect(ask(query, ceilings)).resolves.toMatchObject({ data: expect.any(Object) });
    expect(bench.traces.marks).toHaveLength(1);
    expect(bench.refusals()).toEqual([]);
  });

  it('where the host leaves it to the control plane, the server’s own ceiling still stands', async () => {
    const ceilings: Ceilings = { operation: [exec], server: ['docker:*'], local: 'managed' };
    await expect(ask(shell, ceilings)).resolves.toEqual({ code: 'SCOPE_DENIED' });
  });

  const disguises: readonly string[] = [
    '{ ping echo(text: "x") }',
    '{ ping: echo(text: "x") }',
    '{ ping ...F } fragment F on Query { echo(text: "x") }',
    '{ ping ... on Query { ... { echo(text: "x") } } }',
  ];

  it.each(disguises)('one field that may not run keeps the whole from running: %s', async (query) => {
    const ceilings: Ceilings = { operation: [], server: ['*'], local: ['*'] };
    await expect(ask(query, ceilings)).resolves.toEqual({ code: 'SCOPE_DENIED' });
    expect(bench.refusals()).toEqual([expect.objectContaining({ field: 'echo' })]);
  });

  it('a subscription that may not run never starts', async () => {
    const ceilings: Ceilings = { operation: ['*'], server: ['*'], local: [] };
    const answer = await ask('subscription { watched }', ceilings);
    expect(answer).toEqual({ code: 'POLICY_DENIED' });
    expect(bench.traces.waiting.size).toBe(0);
  });
});
