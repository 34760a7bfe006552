import * as z from 'zod';
import { jobKind } from '../../jobs/service.ts';

const text = z.string().max(512);
const made = { id: text, name: text, imageId: text };
const rights = { scope: 'docker:containers:write', reads: 'docker:containers:read' } as const;

/** Makes a container, and pulls its image where that is not there. Result: what was made, and what Docker remarked. */
export const containerCreate = jobKind({
  name: 'container.create',
  ...rights,
  result: z.object({ ...made, warnings: z.array(z.string().max(4_096)).max(100) }),
});

/** Puts a new container in the place of one. Result: the new one, and of which image the old one was. */
export const containerRecreate = jobKind({
  name: 'container.recreate',
  ...rights,
  result: z.object({ ...made, imageIdBefore: text }),
  undone: true,
});
