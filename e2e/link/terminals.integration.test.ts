import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { container, docker, type TestContainer } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { codeOf, type TestClient, type TestSubscription } from '../../testing/graphql-client.ts';
import { describeWith } from '../../testing/parts.ts';

interface Event {
  readonly kind: string;
  readonly text: string | null;
  readonly reason: string | null;
}
type Following = TestSubscription<{ containerTerminal: Event }>;

const follow = /* GraphQL */ `
  subscription Follow($serverId: ID!, $terminalId: ID!, $viewerId: ID) {
    containerTerminal(serverId: $serverId, terminalId: $terminalId, viewerId: $viewerId) {
      kind
      text
      reason
    }
  }
`;
const open = /* GraphQL */ `
  mutation Open($input: OpenContainerTerminalInput!) {
    openContainerTerminal(input: $input) {
      terminal {
        id
      }
    }
  }
`;
const write = /* GraphQL */ `
  mutation Write($input: WriteContainerTerminalInput!) {
    writeContainerTerminal(input: $input) {
      terminalId
    }
  }
`;
const close = /* GraphQL */ `
  mutation Close($input: CloseContainerTerminalInput!) {
    closeContainerTerminal(input: $input) {
      terminalId
    }
  }
`;
const acknowledge = /* GraphQL */ `
  mutation Acknowledge($input: AcknowledgeContainerTerminalInput!) {
    acknowledgeContainerTerminal(input: $input)
  }
`;

const recordings = /* GraphQL */ `
  query Recordings($serverId: ID!) {
    terminalRecordings(serverId: $serverId) {
      totalCount
      nodes {
        id
        terminalId
        end
      }
    }
  }
`;
interface Recordings {
  readonly terminalRecordings: {
    readonly totalCount: number;
    readonly nodes: readonly {
      readonly id: string;
      readonly terminalId: string;
      readonly end: string | null;
    }[];
  };
}
const startDownload = /* GraphQL */ `
  mutation Start($input: StartTerminalRecordingDownloadInput!) {
    startTerminalRecordingDownload(input: $input) {
      url
    }
  }
`;
const deleteRecording = /* GraphQL */ `
  mutation Delete($input: DeleteTerminalRecordingInput!) {
    deleteTerminalRecording(input: $input) {
      deletedRecordingId
    }
  }
`;

const idle = ['sleep', '1000'];

async function processes(id: string): Promise<string[]> {
  const lines = (await docker('top', id, '-eo', 'pid,args')).trim().split('\n').slice(1);
  return lines.map((line) => line.replace(/^\s*\d+\s+/, '')).filter((line) => line !== idle.join(' '));
}

/** Through the control plane and an agent, as a browser and a program see it. */
describeWith('docker', 'terminals', () => {
  let plane: ControlPlane;
  let admin: TestClient;
  let serverId: string;
  let box: TestContainer;

  beforeAll(async () => {
    plane = await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    admin = await plane.signIn();
    serverId = await eventually(async () => {
      const { servers } = await admin.query<{ servers: { nodes: { id: string; status: string }[] } }>(
        '{ servers { nodes { id status } } }',
      );
      return servers.nodes.find(({ status }) => status === 'ONLINE')?.id ?? false;
    }, 'this machine to be online');
    await admin.query(
      'mutation Raise($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }',
      { input: { serverId, profile: 'FULL_ACCESS' } },
    );
    box = await container({ command: idle });
    await eventually(async () => {
      const { data } = await admin.answer<object>(
        'query ($serverId: ID!) { containerTerminals(serverId: $serverId) { id } }',
        { serverId },
      );
      return data && 'containerTerminals' in data && data.containerTerminals !== null;
    }, 'the new ceiling');
  });
  afterAll(async () => {
    await box?.[Symbol.asyncDispose]();
    await plane?.[Symbol.asyncDispose]();
  });

  async function opened(client = admin): Promise<string> {
    const answer = await client.query<{ openContainerTerminal: { terminal: { id: string } } }>(open, {
      input: { serverId, containerId: box.id, columns: 80, rows: 24 },
    });
    return answer.openContainerTerminal.terminal.id;
  }
  const followed = (terminalId: string, viewerId?: string, client = admin): Following =>
    client.subscribe(follow, { serverId, terminalId, viewerId });
  const type = (terminalId: string, text: string, client = admin) =>
    client.answer(write, { input: { serverId, terminalId, text } });
  const closed = (terminalId: string) => admin.query(close, { input: { serverId, terminalId } });
  async function downloadOf(recordingId: string): Promise<string> {
    const answer = await admin.query<{ startTerminalRecordingDownload: { url: string } }>(startDownload, {
      input: { recordingId },
    });
    return answer.startTerminalRecordingDownload.url;
  }
  async function see(following: Following, pattern: RegExp): Promise<void> {
    let text = '';
    await following.next(({ containerTerminal: event }) => {
      text += event.text ?? '';
      return pattern.test(text);
    }, String(pattern));
  }

  test('are opened, typed into, seen and closed, and who did it is on record, but not what was typed', async () => {
    const terminalId = await opened();
    await using one = followed(terminalId);
    await type(terminalId, 'echo what-$((40+2)) is typed\r');
    await see(one, /what-42 is typed/);
    await using other = followed(terminalId);
    await see(other, /what-42 is typed/);
    await closed(terminalId);
    const { containerTerminal: last } = await one.next(({ containerTerminal: { kind } }) => kind === 'ENDED');
    expect(last.reason).toBe('CLOSED');
    expect(await one.ended).toBeUndefined();
    expect(await processes(box.id)).toEqual([]);
    const { auditEvents } = await admin.query<{ auditEvents: { nodes: { action: string }[] } }>(
      '{ auditEvents(first: 50) { nodes { action parameters } } }',
    );
    const actions = auditEvents.nodes.map(({ action }) => action);
    expect(actions.filter((action) => action === 'terminal.open' || action === 'terminal.close')).toEqual([
      'terminal.close',
      'terminal.open',
    ]);
    expect(JSON.stringify(auditEvents)).not.toContain('what-');
    expect(codeOf(await type(terminalId, 'x'))).toBe('NOT_FOUND');
  });

  test('are closed to whoever may not run commands in containers', async () => {
    const terminalId = await opened();
    const made = await admin.query<{ createApiToken: { secret: string } }>(
      'mutation { createApiToken(input: { name: "reader", scopes: ["servers:read", "docker:containers:read", "docker:containers:write"] }) { secret } }',
    );
    const reader = plane.anonymous().with({ token: made.createApiToken.secret, origin: null });
    const input = { serverId, terminalId };
    for (const [document, more] of [
      [open, { containerId: box.id, columns: 80, rows: 24 }],
      [write, { ...input, text: 'x' }],
      [close, input],
      [acknowledge, { viewerId: 'v', characters: 1 }],
    ] as const) {
      const variables = { input: { serverId, ...more } };
      expect(codeOf(await reader.answer(document, variables))).toBe('PERMISSION_DENIED');
    }
    await using following = followed(terminalId, undefined, reader);
    expect(await following.ended).toMatchObject({ code: 'PERMISSION_DENIED' });
    await closed(terminalId);
  });

  test('end for whoever loses the right, at once', async () => {
    const terminalId = await opened();
    const made = await admin.query<{ createApiToken: { secret: string; token: { id: string } } }>(
      'mutation { createApiToken(input: { name: "shell", scopes: ["servers:read", "docker:containers:exec"] }) { secret token { id } } }',
    );
    const { secret, token } = made.createApiToken;
    const program = plane.anonymous().with({ token: secret, origin: null });
    await using following = followed(terminalId, undefined, program);
    await type(terminalId, 'echo on-$((1+1))\r', program);
    await see(following, /on-2/);
    await admin.query(
      'mutation ($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) { token { id } } }',
      {
        input: { tokenId: token.id },
      },
    );
    expect(await following.ended).toBeDefined();
    expect(codeOf(await type(terminalId, 'x', program))).toBe('UNAUTHENTICATED');
    await closed(terminalId);
  });

  test('that are recorded are a file for those who may see it, without what was typed and not shown', async () => {
    const { terminal } = (
      await admin.query<{ openContainerTerminal: { terminal: { id: string; recorded: boolean } } }>(
        'mutation ($input: OpenContainerTerminalInput!) { openContainerTerminal(input: $input) { terminal { id recorded } } }',
        { input: { serverId, containerId: box.id, columns: 80, rows: 24, record: true } },
      )
    ).openContainerTerminal;
    expect(terminal.recorded).toBe(true);
    const terminalId = terminal.id;
    await using one = followed(terminalId);
    await one.next(({ containerTerminal: { kind } }) => kind === 'RECORDING', 'the sign');
    await type(terminalId, 'stty -echo; echo ready-$((1+1)); read word; stty echo; echo word-of-${#word}\r');
    await see(one, /ready-2/);
    await type(terminalId, 'never-shown\r');
    await see(one, /word-of-11/);
    await closed(terminalId);
    const recording = await eventually(async () => {
      const { terminalRecordings } = await admin.query<Recordings>(recordings, { serverId });
      const found = terminalRecordings.nodes.find((node) => node.terminalId === terminalId);
      return found?.end === 'COMPLETE' && found;
    }, 'the end of the recording');
    const file = path.join(plane.dataDir, 'recordings', serverId, `${recording.id}.sealed`);
    expect(readFileSync(file, 'latin1')).not.toContain('word-of-11');

    const address = await downloadOf(recording.id);
    const got = await fetch(plane.url + address);
    expect(got.headers.get('content-disposition')).toContain(`${recording.id}.cast`);
    const text = await got.text();
    expect(JSON.parse(text.split('\n')[0] ?? '')).toMatchObject({ version: 2, width: 80, height: 24 });
    expect(text).toContain('word-of-11');
    expect(text).not.toContain('never-shown');
    expect((await fetch(plane.url + address)).status).toBe(404);

    for (const [scopes, code] of [
      [['servers:read', 'docker:containers:exec'], 'PERMISSION_DENIED'],
      [['servers:read', 'audit:read'], 'NOT_FOUND'],
    ] as const) {
      const made = await admin.query<{ createApiToken: { secret: string } }>(
        'mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }',
        { input: { name: 'reader', scopes } },
      );
      const reader = plane.anonymous().with({ token: made.createApiToken.secret, origin: null });
      const input = { recordingId: recording.id };
      expect(codeOf(await reader.answer(startDownload, { input }))).toBe(code);
      if (code === 'NOT_FOUND') {
        const { terminalRecordings } = await reader.query<Recordings>(recordings, { serverId });
        expect(terminalRecordings).toEqual({ totalCount: 0, nodes: [] });
      }
      expect(codeOf(await reader.answer(deleteRecording, { input }))).toBe('PERMISSION_DENIED');
    }

    await admin.query(deleteRecording, { input: { recordingId: recording.id } });
    expect(existsSync(file)).toBe(false);
    expect(codeOf(await admin.answer(startDownload, { input: { recordingId: recording.id } }))).toBe(
      'NOT_FOUND',
    );
  });

  test('that have to be recorded are not seen or typed into unless they are', async () => {
    const require = (required: boolean) =>
      admin.query(
        'mutation ($input: RequireTerminalRecordingInput!) { requireTerminalRecording(input: $input) { required } }',
        { input: { serverId, required } },
      );
    const open1 = await opened();
    await using following = followed(open1);
    await following.next(({ containerTerminal: { kind } }) => kind === 'SCREEN', 'its screen');
    await require(true);
    await following.next(({ containerTerminal: { kind } }) => kind === 'RECORDING', 'the sign');
    await type(open1, 'echo on-$((1+1))\r');
    await see(following, /on-2/);

    // Where recordings would be, nothing can be written any more.
    const folder = path.join(plane.dataDir, 'recordings', serverId);
    renameSync(folder, `${folder}.away`);
    writeFileSync(folder, '');
    expect(
      codeOf(await admin.answer(open, { input: { serverId, containerId: box.id, columns: 80, rows: 24 } })),
    ).toBe('RECORDING_FAILED');
    await eventually(async () => {
      const { containerTerminals } = await admin.query<{ containerTerminals: { id: string }[] }>(
        'query ($serverId: ID!) { containerTerminals(serverId: $serverId) { id } }',
        { serverId },
      );
      return containerTerminals.length === 1 && containerTerminals[0]?.id === open1;
    }, 'the terminal that is not recorded to be closed');
    rmSync(folder);
    renameSync(`${folder}.away`, folder);
    await require(false);
    await closed(open1);
  });

  test('that write without end hold nothing up, grow nothing, and stop when told to', async () => {
    const terminalId = await opened();
    const viewerId = randomUUID();
    await using following = followed(terminalId, viewerId);
    const agent = Number(
      /"pid":(\d+)/.exec(readFileSync(path.join(plane.dataDir, 'agent.json'), 'utf8'))?.[1],
    );
    const list = 'query ($id: ID!) { containerTerminals(serverId: $id) { id } }';
    /** How long other operations of the same agent take, the one in the middle. */
    async function othersTake(times: number): Promise<number> {
      const waits: number[] = [];
      while (waits.length < times) {
        const began = performance.now();
        await admin.query(list, { id: serverId });
        waits.push(performance.now() - began);
      }
      return waits.toSorted((a, b) => a - b)[times >> 1] ?? 0;
    }
    const quiet = await othersTake(30);
    await type(terminalId, 'yes\r');
    await see(following, /(y\r\n){100}/);
    const before = residentBytes(agent);
    const measured = new AbortController();
    let [seen, unsaid] = [0, 0];
    const reading = (async () => {
      while (!measured.signal.aborted) {
        const { containerTerminal: event } = await following.next();
        seen += event.text?.length ?? 0;
        unsaid += event.text?.length ?? 0;
        if (unsaid < 32 * 1024) continue;
        void admin.query(acknowledge, { input: { serverId, viewerId, characters: unsaid } });
        unsaid = 0;
      }
    })();
    // What holds up the whole machine for a moment is not the flood: the best of a few counts.
    let flooded = await othersTake(60);
    for (let again = 0; again < 4 && flooded - quiet >= 100; again++)
      flooded = Math.min(flooded, await othersTake(60));
    measured.abort();
    await reading;
    expect(seen).toBeGreaterThan(400_000);
    expect(flooded - quiet).toBeLessThan(100);
    expect(residentBytes(agent) - before).toBeLessThan(48 * 1024 * 1024);
    await type(terminalId, '\u0003');
    await type(terminalId, 'echo over-$((1+1))\r');
    const all = { text: '' };
    await following.next(({ containerTerminal: { text } }) => {
      all.text = (all.text + (text ?? '')).slice(-200);
      const characters = text?.length ?? 0;
      if (characters > 0) void admin.query(acknowledge, { input: { serverId, viewerId, characters } });
      return /over-2/.test(all.text);
    }, 'the end of it');
    await closed(terminalId);
  });

  test('of an agent that is killed end, say so, and leave no process once it is back', async () => {
    const terminalId = await opened();
    await using following = followed(terminalId);
    await type(terminalId, 'echo on-$((1+1))\r');
    await see(following, /on-2/);
    process.kill(
      Number(/"pid":(\d+)/.exec(readFileSync(path.join(plane.dataDir, 'agent.json'), 'utf8'))?.[1]),
      'SIGKILL',
    );
    expect(await following.ended).toMatchObject({
      code: expect.stringMatching(/^(AGENT_OFFLINE|OUTCOME_UNKNOWN)$/),
    });
    await eventually(async () => expect(codeOf(await type(terminalId, 'x'))).toBe('NOT_FOUND'), 'its end', {
      limit: 60_000,
    });
    await eventually(async () => expect(await processes(box.id)).toEqual([]), 'no process to be left');
    const list = path.join(plane.dataDir, 'agent', 'terminals.json');
    await eventually(() => !existsSync(list), 'nothing to be kept of it');
  });
});

/** Of a process, by the kernel. */
function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
