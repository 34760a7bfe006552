import * as z from 'zod';

const promisedShape = z.array(
  z.object({
    serverId: z.string().nullable(),
    groupId: z.string().nullable(),
    scopes: z.array(z.string()),
  }),
);

/** A grant that comes with an invitation: on a server or on a group. */
export type Promised = z.output<typeof promisedShape>[number];

/** What is stored with an invitation; nothing, when it is not understood. */
export function readPromised(stored: unknown): Promised[] {
  return promisedShape.safeParse(stored).data ?? [];
}
