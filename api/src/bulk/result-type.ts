import type { Logger } from 'pino';
import { builder } from '../builder.ts';
import { maskError } from '../graphql/mask-error.ts';
import type { Outcome } from './service.ts';

export interface ContainerTarget {
  readonly serverId: string;
  readonly containerId: string;
}

export const BulkError = builder
  .objectRef<{ readonly code: string; readonly message: string }>('BulkError')
  .implement({
    access: 'inherited',
    description: 'Why something was not done to one of many.',
    fields: (t) => ({
      code: t.exposeString('code', { description: 'One of the codes of `extensions.code`.' }),
      message: t.exposeString('message', { description: 'A sentence in English.' }),
    }),
  });

export const BulkServerResult = builder.objectRef<Outcome<string>>('BulkServerResult').implement({
  access: 'inherited',
  description: 'How it ended for one of many servers.',
  fields: (t) => ({
    error: t.field({
      type: BulkError,
      nullable: true,
      description: 'Why not; null when it was done.',
      resolve: ({ error }, _args, { log }) => shownError(error, log),
    }),
    ok: t.boolean({ description: 'Whether it was done.', resolve: ({ error }) => error === null }),
    target: t.id({ description: 'The server, by id.', resolve: ({ target }) => target }),
  }),
});

export const BulkContainerResult = builder
  .objectRef<Outcome<ContainerTarget>>('BulkContainerResult')
  .implement({
    access: 'inherited',
    echoes: true,
    description: 'How it ended for one of many containers.',
    fields: (t) => ({
      containerId: t.id({
        description: 'The container, as it was named.',
        resolve: ({ target }) => target.containerId,
      }),
      error: t.field({
        type: BulkError,
        nullable: true,
        description: 'Why not; null when it was done.',
        resolve: ({ error }, _args, { log }) => shownError(error, log),
      }),
      ok: t.boolean({ description: 'Whether it was done.', resolve: ({ error }) => error === null }),
      serverId: t.id({ description: 'The server it is on.', resolve: ({ target }) => target.serverId }),
      target: t.id({
        description: 'Server and container, as srv_…/container.',
        resolve: ({ target }) => `${target.serverId}/${target.containerId}`,
      }),
    }),
  });

/** What went wrong with one of many, fit to be shown; null when nothing did. */
export function shownError(error: unknown, log: Logger) {
  if (error === null) return null;
  const { message, extensions } = maskError(error, log);
  return { message, code: 'code' in extensions ? String(extensions['code']) : 'INTERNAL' };
}
