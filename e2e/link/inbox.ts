import type WebSocket from 'ws';
import type { RawData } from 'ws';
import * as z from 'zod';
import { within } from '../../testing/events.ts';

export interface Message {
  readonly type: string;
  readonly id?: string | undefined;
  readonly payload?: unknown;
}

/** The messages of a raw socket, waited for by what they are. */
export interface Inbox {
  readonly all: readonly Message[];
  /** The first message of one of these types, and of that id if one is given, that was not handed out yet. */
  next(types: string | readonly string[], id?: string): Promise<Message>;
}

export function createInbox(socket: WebSocket): Inbox {
  const all: Message[] = [];
  const unread: Message[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data) => {
    const message = read(data);
    all.push(message);
    unread.push(message);
    for (const look of waiting) look();
  });
  return {
    all,
    next(types, id) {
      const { promise, resolve } = Promise.withResolvers<Message>();
      const look = (): void => {
        const at = unread.findIndex(
          ({ type, id: its }) => [types].flat().includes(type) && (id === undefined || its === id),
        );
        const [found] = at < 0 ? [] : unread.splice(at, 1);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      return within(promise, `a message of type ${[types].flat().join(' or ')}`);
    },
  };
}

const shape = z.object({
  type: z.string(),
  id: z.string().optional(),
  payload: z.unknown().optional(),
});

function read(data: RawData): Message {
  return shape.parse(JSON.parse(Buffer.isBuffer(data) ? data.toString('utf8') : ''));
}
