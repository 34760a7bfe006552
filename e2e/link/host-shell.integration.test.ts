import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { eventually } from '../../testing/events.ts';
import { codeOf, type TestClient, type TestSubscription } from '../../testing/graphql-client.ts';
import { run } from '../../testing/processes.ts';
import { managedHost, type Host } from '../faults/host.ts';
import { addServer, untilStatus } from '../install/plane.ts';

interface Followed {
  readonly hostTerminal: {
    readonly kind: string;
    readonly text: string | null;
    readonly reason: string | null;
  };
}

const documents = {
  open: 'mutation ($input: OpenHostTerminalInput!) { openHostTerminal(input: $input) { terminal { id } } }',
  write: 'mutation ($input: WriteHostTerminalInput!) { writeHostTerminal(input: $input) { terminalId } }',
  resize:
    'mutation ($input: ResizeHostTerminalInput!) { resizeHostTerminal(input: $input) { terminal { rows } } }',
  close: 'mutation ($input: CloseHostTerminalInput!) { closeHostTerminal(input: $input) { terminalId } }',
  acknowledge: 'mutation ($input: AcknowledgeHostTerminalInput!) { acknowledgeHostTerminal(input: $input) }',
  list: 'query ($serverId: ID!) { hostTerminals(serverId: $serverId) { id containerId openedBy } }',
  follow:
    'subscription ($serverId: ID!, $terminalId: ID!) { hostTerminal(serverId: $serverId, terminalId: $terminalId) { kind text reason } }',
} as const;
const size = { columns: 80, rows: 24 };

/** Shells of a server itself, through the control plane and an agent as it is shipped. */
describe('shells of a server', () => {
  const undo = new AsyncDisposableStack();
  let plane: ControlPlane;
  let admin: TestClient;
  let serverId: string;

  beforeAll(async () => {
    plane = undo.use(await controlPlane());
    admin = await plane.signIn();
    ({ serverId } = await joined('shells', [
      'features: { shell: true }',
      `shell: { account: ${userInfo().username} }`,
    ]));
  });
  afterAll(() => undo.disposeAsync());

  async function joined(name: string, config: readonly string[]): Promise<{ serverId: string; host: Host }> {
    const host = undo.use(await managedHost({ config }));
    const added = await addServer(admin, name, 'FULL_ACCESS');
    await host.register(plane.url, added.token);
    await host.start();
    await untilStatus(admin, added.serverId, 'ONLINE');
    return { serverId: added.serverId, host };
  }

  async function program(scopes: readonly string[]): Promise<TestClient> {
    const { createApiToken } = await admin.query<{ createApiToken: { secret: string } }>(
      'mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }',
      { input: { name: randomUUID(), scopes } },
    );
    return plane.anonymous().with({ token: createApiToken.secret, origin: null });
  }
  const open = (client = admin, on = serverId) =>
    client.answer(documents.open, { input: { serverId: on, ...size } });
  async function opened(): Promise<string> {
    const { openHostTerminal } = await admin.query<{ openHostTerminal: { terminal: { id: string } } }>(
      documents.open,
      { input: { serverId, ...size } },
    );
    return openHostTerminal.terminal.id;
  }
  async function see(following: TestSubscription<Followed>, pattern: RegExp): Promise<void> {
    let text = '';
    await following.next(
      ({ hostTerminal }) => pattern.test((text += hostTerminal.text ?? '')),
      String(pattern),
    );
  }
  /** Until the shell has begun: one that ends while it reads what its user set up may leave that half-done. */
  async function begun(terminalId: string, on = serverId): Promise<void> {
    await using following = admin.subscribe<Followed>(documents.follow, { serverId: on, terminalId });
    await admin.query(documents.write, {
      input: { serverId: on, terminalId, text: 'echo begun-$((1+1))\r' },
    });
    await see(following, /begun-2/);
  }
  interface Recorded {
    readonly action: string;
    readonly durationMs: number | null;
    readonly exitCode: number | null;
    readonly parameters: Readonly<Record<string, unknown>>;
  }
  /** What is on record of a terminal, the newest first. */
  async function recorded(terminalId: string): Promise<Recorded[]> {
    const { auditEvents } = await admin.query<{ auditEvents: { nodes: Recorded[] } }>(
      '{ auditEvents(first: 100) { nodes { action durationMs exitCode parameters } } }',
    );
    return auditEvents.nodes.filter(({ parameters }) => parameters['terminalId'] === terminalId);
  }
  const ended = (terminalId: string) =>
    eventually(
      async () => (await recorded(terminalId)).find(({ action }) => action === 'terminal.end') ?? false,
      'its end to be on record',
    );

  test('are opened, joined, typed into and closed, and who took part is on record', async () => {
    const terminalId = await opened();
    const other = await program(['servers:read', 'system:terminal']);
    await using following = admin.subscribe<Followed>(documents.follow, { serverId, terminalId });
    await admin.query(documents.resize, { input: { serverId, terminalId, columns: 101, rows: 33 } });
    await admin.query(documents.write, { input: { serverId, terminalId, text: 'stty size\r' } });
    await see(following, /33 101/);
    // Whoever types without looking takes part as well.
    for (const text of ['echo jo', 'ined-$((1+1))\r'])
      await other.query(documents.write, { input: { serverId, terminalId, text } });
    await see(following, /joined-2/);
    const { hostTerminals } = await admin.query<{ hostTerminals: unknown[] }>(documents.list, { serverId });
    expect(hostTerminals).toMatchObject([{ id: terminalId, containerId: null }]);
    await admin.query(documents.close, { input: { serverId, terminalId } });
    const { hostTerminal } = await following.next((event) => event.hostTerminal.kind === 'ENDED');
    expect(hostTerminal.reason).toBe('CLOSED');
    expect((await ended(terminalId)).parameters).toMatchObject({
      reason: 'CLOSED',
      openedBy: plane.admin.email,
    });
    expect((await recorded(terminalId)).map(({ action }) => action).toSorted()).toEqual([
      'terminal.close',
      'terminal.end',
      'terminal.join',
      'terminal.openHost',
    ]);
    expect(JSON.stringify(await recorded(terminalId))).not.toContain('joined');
  });

  test('that end by themselves are on record with how long they were open, though nobody looks', async () => {
    const terminalId = await opened();
    await admin.query(documents.write, { input: { serverId, terminalId, text: 'exit 7\r' } });
    const { parameters, exitCode, durationMs } = await ended(terminalId);
    expect(parameters).toMatchObject({ reason: 'EXITED' });
    expect(exitCode).toBe(7);
    expect(durationMs).toBeGreaterThan(0);
  });

  test('of an agent that is killed are LOST on record once it is back, and leave no process', async () => {
    const { serverId: other, host } = await joined('killed', [
      'features: { shell: true }',
      `shell: { account: ${userInfo().username} }`,
    ]);
    const { openHostTerminal } = await admin.query<{ openHostTerminal: { terminal: { id: string } } }>(
      documents.open,
      { input: { serverId: other, ...size } },
    );
    const { id } = openHostTerminal.terminal;
    await begun(id, other);
    expect(marked(id)).toBeGreaterThan(0);
    host.agent.kill('SIGKILL');
    await eventually(() => expect(marked(id)).toBe(0), 'its processes to be gone');
    await host.start();
    expect((await ended(id)).parameters).toMatchObject({ reason: 'LOST' });
    expect((await recorded(id)).filter(({ action }) => action === 'terminal.end')).toHaveLength(1);
  });

  test('take the scope of who asks, in every operation', async () => {
    const terminalId = await opened();
    const stranger = await program(['servers:read', 'docker:containers:exec', 'docker:*']);
    const input = { serverId, terminalId };
    for (const [document, variables] of [
      [documents.open, { input: { serverId, ...size } }],
      [documents.write, { input: { ...input, text: 'x' } }],
      [documents.resize, { input: { ...input, ...size } }],
      [documents.close, { input }],
      [documents.acknowledge, { input: { serverId, viewerId: 'v', characters: 1 } }],
      [documents.list, { serverId }],
    ] as const) {
      expect(codeOf(await stranger.answer(document, variables))).toBe('PERMISSION_DENIED');
    }
    await using following = stranger.subscribe<Followed>(documents.follow, { serverId, terminalId });
    expect(await following.ended).toMatchObject({ code: 'PERMISSION_DENIED' });
    await begun(terminalId);
    await admin.query(documents.close, { input });
  });

  test('take the scope of the server, and of the host’s own configuration', async () => {
    const { serverId: bounded, host } = await joined('bounded', [
      'features: { shell: true }',
      `shell: { account: ${userInfo().username} }`,
    ]);
    const bundle = path.join(import.meta.dirname, '../../agent/dist/serverkit-agent.cjs');
    await run(process.execPath, [bundle, 'config', 'deny', 'system:terminal', '-c', host.configFile]);
    await eventually(
      async () => expect(codeOf(await open(admin, bounded))).toBe('AGENT_REFUSED'),
      'the new ceiling',
    );
    await run(process.execPath, [bundle, 'config', 'allow', 'system:terminal', '-c', host.configFile]);
    await eventually(
      async () => expect(codeOf(await open(admin, bounded))).toBeUndefined(),
      'the new ceiling',
    );
    await admin.query(
      'mutation ($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }',
      { input: { serverId: bounded, profile: 'DOCKER_MANAGER' } },
    );
    await eventually(
      async () => expect(codeOf(await open(admin, bounded))).toBe('AGENT_REFUSED'),
      'the new ceiling',
    );
  });

  test('are off unless the host’s own configuration switches them on, which the answer says how to do', async () => {
    const { serverId: plain, host } = await joined('plain', []);
    const answer = await open(admin, plain);
    expect(codeOf(answer)).toBe('AGENT_REFUSED');
    expect(JSON.stringify(answer)).toContain('features.shell: true');
    expect(readFileSync(host.configFile, 'utf8')).not.toContain('shell');
  });
});

/** How many processes carry the mark of a terminal. */
function marked(id: string): number {
  return readdirSync('/proc').filter((name) => {
    try {
      return readFileSync(`/proc/${Number(name)}/environ`, 'latin1').includes(`SERVERKIT_TERMINAL=${id}`);
    } catch {
      return false;
    }
  }).length;
}
