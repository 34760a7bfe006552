import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import * as z from 'zod';
import type { RegistrationReply, RegistrationRequest } from '@serverkit/wire/handshake.ts';

/** Somebody on the way between an agent and its control plane while it registers. */
export interface ManInTheMiddle extends AsyncDisposable {
  readonly url: string;
  /** What went by, as it was sent. */
  readonly seen: { readonly requests: RegistrationRequest[]; readonly replies: RegistrationReply[] };
}

export interface Tampering {
  readonly request?: (request: RegistrationRequest) => RegistrationRequest;
  readonly reply?: (reply: RegistrationReply) => RegistrationReply;
  /** Answers in the control plane's stead, or cuts the line; the reply is what it said. */
  readonly answer?: (response: ServerResponse, reply: string) => void;
}

const requestShape = z.object({
  query: z.string(),
  variables: z.object({
    input: z.object({
      tokenId: z.string(),
      nonce: z.string(),
      publicKey: z.string(),
      facts: z.string(),
      signature: z.string(),
      mac: z.string(),
    }),
  }),
});

const replyShape = z.object({
  data: z.object({ registerAgent: z.object({ payload: z.string(), mac: z.string() }) }).optional(),
});

export async function openManInTheMiddle(target: string, tampering: Tampering = {}): Promise<ManInTheMiddle> {
  const requests: RegistrationRequest[] = [];
  const replies: RegistrationReply[] = [];

  async function forward(body: string): Promise<string> {
    const { query, variables } = requestShape.parse(JSON.parse(body));
    requests.push(variables.input);
    const input = tampering.request?.(variables.input) ?? variables.input;
    const answer = await fetch(`${target}/graphql`, {
      method: 'POST',
      body: JSON.stringify({ query, variables: { input } }),
    });
    const text = await answer.text();
    const reply = replyShape.parse(JSON.parse(text)).data?.registerAgent;
    if (!reply) return text;
    replies.push(reply);
    return JSON.stringify({ data: { registerAgent: tampering.reply?.(reply) ?? reply } });
  }

  const server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const reply = await forward(body);
      if (tampering.answer) tampering.answer(response, reply);
      else response.end(reply);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    seen: { requests, replies },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
