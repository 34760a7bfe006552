import { builder } from '../builder.ts';
import type { Ticket } from '../http/tickets.ts';

/** For everything that is saved as a file: GraphQL allows it, HTTP moves it. */
export const TransferPayload = builder
  .objectRef<Ticket & { readonly path: string }>('FileTransferPayload')
  .implement({
    access: 'inherited',
    description: 'Where the bytes of a transfer go.',
    fields: (t) => ({
      expiresAt: t.expose('expiresAt', {
        type: 'DateTime',
        description: 'It must have begun by then; it may take as long as it moves.',
      }),
      url: t.string({
        description: 'From the root of this ServerKit. It is a secret, and works once.',
        resolve: ({ path, secret }) => `${path}${secret}`,
      }),
    }),
  });
