import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { ControlPlane } from '../testing/control-plane.ts';
import type { TestClient } from '../testing/graphql-client.ts';

export interface Watched {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** What a dashboard does with a subscription, to its end. */
export async function watch<Data>(
  plane: ControlPlane,
  { session }: TestClient,
  watched: Watched,
  seen: (data: Data) => void,
): Promise<void> {
  class Viewer extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols, { headers: { origin: plane.url, cookie: session.cookie ?? '' } });
    }
  }
  const socket = createClient({
    url: `${plane.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: Viewer,
    connectionParams: { session: session.proof },
    lazy: true,
  });
  for await (const { data, errors } of socket.iterate<Data>(watched)) {
    if (errors) throw new AggregateError(errors);
    if (data) seen(data);
  }
  await socket.dispose();
}
