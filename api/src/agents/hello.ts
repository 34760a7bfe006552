import * as z from 'zod';
import type { AgentHello } from '@serverkit/wire/handshake.ts';
import { isScopePattern } from '@serverkit/wire/scopes.ts';
import { presentable } from './agent-errors.ts';

/** Shown to people and stored: without what could forge a line or the database refuses. */
const text = (max: number) => z.string().max(max).transform(presentable);
const patterns = z
  .array(text(100))
  .max(200)
  .transform((list) => list.filter(isScopePattern));

const instant = z.number().int().min(0).max(8.64e15);

const shape = z.object({
  v: z.literal(1),
  version: text(50),
  contract: text(20),
  facts: z.unknown(),
  capabilities: z.array(text(100)).max(100),
  localScopes: patterns,
  scopeMode: z.enum(['local', 'managed']),
  machineId: text(200),
  wallMs: instant,
  keySet: z.object({ generation: instant, serial: instant }).exactOptional(),
  keyRotation: text(64).exactOptional(),
});

/** Reads what an agent says of itself; null when it is not of the agreed form. */
export function parseHello(value: unknown): AgentHello | null {
  const parsed = shape.safeParse(value);
  return parsed.success ? parsed.data : null;
}

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const factsShape = z.object({
  hostname: text(255),
  machineId: text(200),
  osName: text(200),
  osVersion: text(200),
  kernel: text(200),
  arch: text(50),
  cpuModel: text(200),
  cpuCount: count.max(100_000),
  memoryBytes: count,
  diskBytes: count,
  agentVersion: text(50),
  contract: text(20),
  nodeVersion: text(50),
  addresses: z.array(text(100)).max(100),
  timezone: text(100),
  virtualization: text(100).nullish(),
  bootedAt: count.nullish(),
  docker: z.object({
    available: z.boolean(),
    version: text(100).nullish(),
    apiVersion: text(50).nullish(),
    storageDriver: text(100).nullish(),
    error: text(1000).nullish(),
  }),
  runsAs: text(100),
  supervisor: text(50),
});

/** What an agent tells about its host, bounded. */
export type HostFacts = z.output<typeof factsShape>;

export function parseFacts(value: unknown): HostFacts | null {
  const parsed = factsShape.safeParse(value);
  return parsed.success ? parsed.data : null;
}
