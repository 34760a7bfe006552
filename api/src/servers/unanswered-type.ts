import type { Logger } from 'pino';
import type { Asked } from '../agents/ask-each.ts';
import { builder } from '../builder.ts';
import { maskError } from '../graphql/mask-error.ts';
import { ServerType } from './server-type.ts';

interface Unanswered {
  readonly serverId: string;
  readonly code: string;
  readonly message: string;
}

export const UnansweredServer = builder.objectRef<Unanswered>('UnansweredServer').implement({
  access: 'servers:read',
  on: ({ serverId }) => serverId,
  description: 'A server that a list of the fleet had no answer from.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'One of the codes of `extensions.code`.' }),
    message: t.exposeString('message', { description: 'A sentence in English.' }),
    server: t.prismaField({
      type: ServerType,
      description: 'The server.',
      resolve: (query, { serverId }, _args, { db }) =>
        db.prisma.server.findUniqueOrThrow({ ...query, where: { id: serverId } }),
    }),
    serverId: t.exposeID('serverId', { description: 'The server, by id.' }),
  }),
});

/** Of those that were asked, the ones that did not answer. */
export function unansweredOf(asked: readonly Asked<unknown>[], log: Logger): Unanswered[] {
  return asked.flatMap(({ serverId, error }) => {
    if (error === null) return [];
    const { message, extensions } = maskError(error, log);
    return [{ serverId, message, code: 'code' in extensions ? String(extensions['code']) : 'INTERNAL' }];
  });
}
