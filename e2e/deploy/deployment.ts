import { once } from 'node:events';
import { connect } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { eventually } from '../../testing/events.ts';
import { graphqlClient, GraphQLFailure, parseAnswer, type TestClient } from '../../testing/graphql-client.ts';
import { http } from '../../testing/http.ts';

export const admin = {
  name: 'Ada',
  email: 'admin@example.com',
  password: 'correct horse battery staple',
} as const;

/** The authority behind a control plane's certificate, as PEM: what its owner sees in the wizard, taken on first sight. */
export async function authorityOf(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    const { issuerCertificate } = socket.getPeerCertificate(true);
    return new X509Certificate(issuerCertificate.raw).toString();
  } finally {
    socket.destroy();
  }
}

/** @param limit - ms */
export async function untilReady(url: string, limit = 180_000): Promise<void> {
  // Health checks answer in the clear also where the port speaks TLS.
  const probe = new URL('/readyz', url.replace('https:', 'http:'));
  await eventually(async () => (await http(probe)).status === 200, `${probe.href} to answer 200`, {
    limit,
    every: 200,
  });
}

/** Makes the first administrator with the code that the log shows, who is then signed in. */
export async function setUp(url: string, ca: string, log: string): Promise<TestClient> {
  const code = /one-time setup code: +(\S+)/.exec(log)?.[1];
  if (code === undefined) throw new Error(`no setup code in:\n${log}`);
  const client = graphqlClient(url, { ca });
  const { headers, body } = await client.post(
    JSON.stringify({
      query:
        'mutation ($input: CompleteSetupInput!) { session: completeSetup(input: $input) { sessionProof } }',
      variables: { input: { ...admin, code } },
    }),
  );
  const answer = parseAnswer<{ session: { sessionProof: string } }>(body);
  const cookie = headers['set-cookie']?.[0]?.split(';')[0];
  if (answer.data == null || cookie === undefined) throw new GraphQLFailure(answer);
  return client.with({ ca, session: { cookie, proof: answer.data.session.sessionProof } });
}
