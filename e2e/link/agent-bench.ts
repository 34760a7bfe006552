import { readFileSync } from 'node:fs';
import type { GraphQLSchema } from 'graphql';
import * as z from 'zod';
import { createBackoff } from '../../agent/src/link/backoff.ts';
import { tempDir } from '../../testing/tmp.ts';
import { openRawControlPlane, type RawControlPlane } from './raw-control-plane.ts';
import { startAgent, type AgentOptions, type TestAgent } from './test-agent.ts';
import { testContract, type Traces } from './test-contract.ts';

/** A real agent's link, facing a control plane made by hand. */
export interface Bench extends AsyncDisposable {
  readonly plane: RawControlPlane;
  readonly agent: TestAgent;
  readonly traces: Traces;
  /** What the agent's own record says it refused. */
  refusals(): readonly Refusal[];
}

export interface Refusal {
  readonly operationId: string;
  readonly actor: string;
  readonly field: string;
  readonly code: string;
}

export interface BenchOptions extends AgentOptions {
  /** Serves this instead of the test contract. */
  readonly schema?: GraphQLSchema;
}

const line = z.object({
  operationId: z.string(),
  actor: z.string(),
  field: z.string(),
  outcome: z.string(),
  code: z.string().default(''),
});

export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const opened = new AsyncDisposableStack();
  const temp = opened.use(await tempDir());
  const plane = opened.use(await openRawControlPlane());
  const traces: Traces = { marks: [], waiting: new Set(), aborted: [], changed: () => undefined };
  const agent = opened.use(
    await startAgent(
      {
        url: plane.url,
        identity: plane.identity,
        schema: options.schema ?? testContract(traces),
        journalFile: temp.file('journal'),
        auditFile: temp.file('audit'),
        changed: () => undefined,
      },
      { backoff: createBackoff({ baseMs: 1, capMs: 5 }), ...options },
    ),
  );
  return {
    plane,
    agent,
    traces,
    refusals: () =>
      readFileSync(agent.auditFile, 'utf8')
        .split('\n')
        .filter((text) => text !== '')
        .map((text) => line.parse(JSON.parse(text)))
        .filter(({ outcome }) => outcome === 'refused'),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
