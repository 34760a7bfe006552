import * as z from 'zod';
import type { AuditTarget } from '../audit/service.ts';

const targetShape = z.object({ kind: z.string(), id: z.string(), name: z.string().exactOptional() });

/** A target that was stored beside what was asked for; undefined when it cannot be read. */
export function storedTarget(value: unknown): AuditTarget | undefined {
  return targetShape.safeParse(value).data;
}
