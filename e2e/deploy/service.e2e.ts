import { mkdir, writeFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueAuthority, issueServer } from '../../api/src/http/issue-certificate.ts';
import { eventually } from '../../testing/events.ts';
import { parseAnswer } from '../../testing/graphql-client.ts';
import { http, type HttpRequest } from '../../testing/http.ts';
import { testImages } from '../../testing/images.ts';
import { describeWith } from '../../testing/parts.ts';
import type { Machine } from '../install/machine.ts';
import { systemdMachine } from '../install/systemd-machine.ts';
import { follow } from './documented.ts';

const host = 'serverkit.example.com';
const credentials = { email: 'admin@example.com', password: 'correct horse battery staple' };

/** What docs/deploy.md tells to do, done to the letter on a Debian machine, with the real programs. */
describeWith(['root', 'docker', 'proxies-image'], 'docs/deploy.md on a Debian machine', () => {
  const undo = new AsyncDisposableStack();
  let machine: Machine;
  let companyAuthority: string;
  /** Of whoever answers at 443 at the moment. */
  let ca: string;
  let address: string;

  const service = async (property: string): Promise<string> =>
    (await machine.exec('systemctl', 'show', '--value', '--property', property, 'serverkit')).trim();
  const untilReady = (): Promise<unknown> =>
    eventually(
      () => machine.exec('curl', '-fsS', 'http://127.0.0.1:4000/readyz'),
      'the service to be ready',
      { limit: 60_000 },
    );

  beforeAll(async () => {
    machine = undo.use(
      await systemdMachine({ image: testImages.proxies, volumes: [`${process.cwd()}:/opt/serverkit:ro`] }),
    );
    address = (await machine.exec('hostname', '-I')).trim().split(' ')[0] ?? '';
    // Debian starts whatever it installs; each has its turn below.
    await machine.exec('systemctl', 'stop', 'nginx', 'apache2', 'caddy', 'haproxy');
    const authority = await issueAuthority();
    companyAuthority = authority.certificatePem;
    const leaf = await issueServer(authority, [host]);
    await machine.exec('sh', '-c', `echo 127.0.0.1 ${host} >>/etc/hosts`);
    const folder = join(machine.root, 'etc/ssl/serverkit');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'fullchain.pem'), `${leaf.certificatePem.trimEnd()}\n`);
    await writeFile(join(folder, 'key.pem'), leaf.keyPem, { mode: 0o600 });
  });
  afterAll(() => undo.disposeAsync());

  describe('as a service of systemd', () => {
    test('starts, under its own user', async () => {
      await follow(machine, 'As a service of systemd');
      await untilReady();
      const user = await machine.exec('ps', '-o', 'user:16=', '-p', await service('MainPID'));
      expect(user.trim()).toBe('serverkit');
      expect(await machine.exec('stat', '--format', '%a %U', '/var/lib/serverkit')).toBe('700 serverkit\n');
      expect(await machine.exec('journalctl', '-u', 'serverkit', '--output', 'cat')).toMatch(
        /one-time setup code: +\S+/,
      );
    });

    test('is confined', async () => {
      const exposure = await machine.exec('systemd-analyze', 'security', 'serverkit', '--no-pager');
      expect(Number(/exposure level for \S+: ([\d.]+)/.exec(exposure)?.[1])).toBeLessThan(2.5);
    });

    test('is started again when it is killed, on the same data', async () => {
      const first = await service('MainPID');
      await machine.exec('kill', '-KILL', first);
      await eventually(async () => !['0', first].includes(await service('MainPID')), 'another process');
      await untilReady();
    });

    test('drains and ends when it is stopped', async () => {
      await machine.exec('systemctl', 'stop', 'serverkit');
      expect(await service('Result')).toBe('success');
      expect(await service('ExecMainStatus')).toBe('0');
      // From here on with somebody who can sign in.
      await machine.exec(
        'sh',
        '-c',
        `printf 'SERVERKIT_ADMIN_EMAIL=${credentials.email}\\nSERVERKIT_ADMIN_PASSWORD=${credentials.password}\\n' >>/etc/serverkit/serverkit.env`,
      );
      await machine.exec('systemctl', 'start', 'serverkit');
      await untilReady();
    });
  });

  const toMachine: LookupFunction = (_name, { all }, found) => {
    if (all === true) found(null, [{ address, family: 4 }]);
    else found(null, address, 4);
  };

  /** Speaks to the proxy as another machine would that knows the name. */
  const ask = (path: string, { body, headers = {} }: Pick<HttpRequest, 'body' | 'headers'> = {}) =>
    http(`https://${host}${path}`, {
      ca,
      lookup: toMachine,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
    });

  describe.each([
    ['nginx', 'nginx'],
    ['Caddy', 'caddy'],
    ['Apache', 'apache2'],
    ['HAProxy', 'haproxy'],
  ])('behind %s', (heading, unit) => {
    beforeAll(async () => {
      ca = companyAuthority;
      await follow(machine, heading);
      if (unit === 'caddy') await withCertificateOfItsOwn();
      await eventually(async () => (await ask('/readyz')).status === 200, `${heading} to pass on`);
    });
    afterAll(async () => {
      await machine.exec('systemctl', 'stop', unit);
    });

    /** Nobody here can vouch for the name, which Caddy would have done for it: it is told to use its own authority. */
    const withCertificateOfItsOwn = async (): Promise<void> => {
      await machine.exec(
        'sed',
        '-i',
        '1i {\\n  local_certs\\n  skip_install_trust\\n}',
        '/etc/caddy/Caddyfile',
      );
      await machine.exec('systemctl', 'restart', 'caddy');
      ca = await eventually(
        () => machine.exec('cat', '/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt'),
        "Caddy's authority",
      );
    };

    const signIn = async (
      headers: Record<string, string> = {},
    ): Promise<{ cookie: string; proof: string }> => {
      const answer = await ask('/graphql', {
        headers: { origin: `https://${host}`, ...headers },
        body: JSON.stringify({
          query: 'mutation ($input: SignInInput!) { signIn(input: $input) { sessionProof } }',
          variables: { input: credentials },
        }),
      });
      const { data } = parseAnswer<{ signIn: { sessionProof: string } }>(answer.body);
      return { cookie: answer.headers['set-cookie']?.[0] ?? '', proof: data?.signIn.sessionProof ?? '' };
    };

    test('a browser gets the dashboard, and a session for https alone', async () => {
      const page = await ask('/');
      expect(page.status).toBe(200);
      expect(page.headers['strict-transport-security']).toBe('max-age=31536000');
      expect((await signIn()).cookie).toMatch(/^__Host-.*; Secure/);
    });

    test('the client is known by its own address, whatever it says itself', async () => {
      const session = await signIn({ 'x-forwarded-for': '203.0.113.7' });
      const { viewer } = await query<{ viewer: { session: { address: string } } }>(
        session,
        '{ viewer { session { address } } }',
      );
      expect(viewer.session.address).toBe(machine.hostAddress);
    });

    interface Secrets {
      readonly cookie: string;
      readonly proof: string;
    }

    const query = async <Data>(
      { cookie, proof }: Secrets,
      document: string,
      variables = {},
    ): Promise<Data> => {
      const answer = await ask('/graphql', {
        headers: {
          origin: `https://${host}`,
          cookie: cookie.split(';')[0] ?? '',
          'x-serverkit-session': proof,
        },
        body: JSON.stringify({ query: document, variables }),
      });
      const { data } = parseAnswer<Data>(answer.body);
      if (data == null) throw new Error(answer.body);
      return data;
    };

    test('subscriptions get their WebSockets', async () => {
      const protocol = 'graphql-transport-ws';
      const socket = new WebSocket(`wss://${host}/graphql`, protocol, {
        ca,
        lookup: toMachine,
        origin: `https://${host}`,
      });
      await once(socket, 'open');
      expect(socket.protocol).toBe(protocol);
      socket.terminate();
    });

    test('an agent registers and is online', async () => {
      const session = await signIn();
      const { createServer } = await query<{
        createServer: { server: { id: string }; registrationToken: string };
      }>(
        session,
        'mutation ($input: CreateServerInput!) { createServer(input: $input) { server { id } registrationToken } }',
        { input: { name: unit, profile: 'DOCKER_MANAGER' } },
      );
      const folder = `/tmp/agent-${unit}`;
      const agent = '/opt/serverkit/node_modules/.bin/node /opt/serverkit/agent/dist/serverkit-agent.cjs';
      await machine.exec('mkdir', '-m', '0700', folder);
      await machine.exec('sh', '-c', `cat >${folder}/ca.pem <<'END'\n${ca}\nEND`);
      await machine.exec(
        'sh',
        '-c',
        `printf 'agent:\\n  state_dir: ${folder}/state\\nauth:\\n  key_file: ${folder}/agent.key\\n' >${folder}/config.yaml`,
      );
      await machine.exec(
        'sh',
        '-c',
        `echo ${createServer.registrationToken} | ${agent} register --server https://${host} --ca-file ${folder}/ca.pem --token-file - -c ${folder}/config.yaml`,
      );
      await machine.exec(
        'sh',
        '-c',
        `systemd-run --unit=agent-${unit} ${agent} start -c ${folder}/config.yaml`,
      );
      await eventually(
        async () => {
          const { server } = await query<{ server: { status: string } }>(
            session,
            'query ($id: ID!) { server(id: $id) { status } }',
            { id: createServer.server.id },
          );
          return server.status === 'ONLINE';
        },
        'the agent to be online',
        { limit: 60_000 },
      );
      await machine.exec('systemctl', 'stop', `agent-${unit}`);
    });
  });
});
