import { request as httpRequest, Agent } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { Dispatcher } from '../http/dispatch.ts';
import { HostPolicy } from '../http/host-policy.ts';
import { connectTo } from '../http/in-memory.ts';
import { Listener } from '../http/listener.ts';
import { RouteTable } from '../http/router.ts';
import type { Channel } from '../http/exchange.ts';
import { agentEntry, loadAgentBundle } from './agent-bundle.ts';
import { digestOf } from './digest.ts';
import { builtAgent, frontDoorAt, nodePackage } from './fixtures.ts';
import { createNodeRuntimes, type Architecture } from './node-runtime.ts';
import { installRoom } from './room.ts';
import { createInstall, type Install } from './service.ts';

const log = pino({ level: 'silent' });

async function setup() {
  const dir = await tempDir();
  const homes: Partial<Record<Architecture, string>> = {
    x64: nodePackage(dir.file('node'), 'the Node binary'),
  };
  const place = { url: 'https://10.0.0.1:4000' };
  const install = createInstall(
    {
      env: {
        port: 4000,
        host: '0.0.0.0',
        publicUrl: undefined,
        tls: undefined,
        tlsMinVersion: 'TLSv1.3',
        trustProxy: { kind: 'none' },
        corsOrigins: new Set(),
        graphiql: false,
        dataDir: dir.path,
        databaseUrl: undefined,
        admin: undefined,
        localAgent: false,
        stacksDir: undefined,
        inContainer: false,
        passphraseFile: undefined,
        logLevel: 'silent',
        warnings: [],
      },
      log,
      frontDoor: { ...frontDoorAt('', true), publicUrl: () => place.url },
    },
    {
      bundle: () => loadAgentBundle(dir.file('agent')),
      runtimes: createNodeRuntimes(dir.file('downloads'), log, (architecture) => homes[architecture]),
    },
  );
  return {
    install,
    place,
    addRuntime(architecture: Architecture) {
      homes[architecture] = nodePackage(dir.file(architecture), `Node for ${architecture}`);
    },
    agentRoom: dir.file('agent'),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

async function ask(
  install: Install,
  path: string,
  { method = 'GET', channel = 'main' }: { readonly method?: string; readonly channel?: Channel } = {},
) {
  const routes = new RouteTable();
  installRoom(install).routes?.(routes);
  const dispatcher = new Dispatcher({
    env: { trustProxy: { kind: 'none' }, publicUrl: undefined },
    routes,
    policy: new HostPolicy({ publicUrl: undefined, bindHost: '127.0.0.1', certificate: undefined }),
    log,
    publicUrl: () => 'https://10.0.0.1:4000',
  });
  const listener = new Listener({
    channel: 'main',
    log,
    handlers: {
      request: (request, response) => dispatcher.request(request, response, channel),
      upgrade: (_request, socket) => socket.destroy(),
    },
  });
  const agent = new Agent();
  agent.createConnection = () => connectTo(listener);
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    type: string;
    body: Buffer;
  }>();
  httpRequest({ agent, path, method, headers: { host: 'whatever.example' } }, (response) => {
    buffer(response).then(
      (body) =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }),
      reject,
    );
  })
    .on('error', reject)
    .end();
  return promise;
}

describe('serving the installer', () => {
  test.each(['main', 'plaintext'] as const)(
    'hands out the script that the command pins (%s)',
    async (channel) => {
      await using its = await setup();
      builtAgent(its.agentRoom);
      const { linux } = await its.install.commands('sk_reg_x_y');
      const { status, type, body } = await ask(its.install, '/install.sh', { channel });
      expect({ status, type }).toEqual({ status: 200, type: 'text/x-shellscript; charset=utf-8' });
      expect(linux).toContain(digestOf(body).sha256);
    },
  );

  test('hands out every file that the script pins', async () => {
    await using its = await setup();
    builtAgent(its.agentRoom, 'the agent');
    const { text } = await its.install.script();
    const files = {
      [`${agentEntry}.gz`]: 'the agent',
      'node-linux-x64.gz': 'the Node binary',
      'node-LICENSE.gz': 'the terms',
    };
    for (const [name, content] of Object.entries(files)) {
      const { status, body } = await ask(its.install, `/agent/dist/${name}`, { channel: 'plaintext' });
      expect(status).toBe(200);
      expect(gunzipSync(body).toString()).toBe(content);
      expect(text).toContain(digestOf(content).sha256);
    }
  });

  test('answers HEAD without a body', async () => {
    await using its = await setup();
    builtAgent(its.agentRoom);
    for (const path of ['/install.sh', `/agent/dist/${agentEntry}.gz`, '/agent/dist/node-linux-x64.gz']) {
      const { status, body } = await ask(its.install, path, { method: 'HEAD' });
      expect({ path, status, length: body.length }).toEqual({ path, status: 200, length: 0 });
    }
  });

  test('serves nothing else under that path', async () => {
    await using its = await setup();
    builtAgent(its.agentRoom);
    for (const path of [
      '/agent/dist/package.json',
      '/agent/dist/../package.json',
      '/agent/dist/%2e%2e%2fpackage.json',
    ])
      expect((await ask(its.install, path)).status).toBe(404);
  });

  test('says what to do when there is no runtime for a processor, and tells the machine as well', async () => {
    await using its = await setup();
    builtAgent(its.agentRoom);
    const { status, body } = await ask(its.install, '/agent/dist/node-linux-arm64.gz');
    expect(status).toBe(404);
    expect(body.toString()).toMatch(/no Node runtime for arm64/);
    expect((await its.install.script()).text).toContain(body.toString().trim());
  });

  test('hands out a runtime that was added while it runs', async () => {
    await using its = await setup();
    builtAgent(its.agentRoom);
    const before = await its.install.script();
    its.addRuntime('arm64');
    const after = await its.install.script();
    expect(after.sha256).not.toBe(before.sha256);
    expect(after.text).toContain(digestOf('Node for arm64').sha256);
    expect((await ask(its.install, '/agent/dist/node-linux-arm64.gz')).status).toBe(200);
  });

  test('says so when the agent was not built, and works as soon as it was', async () => {
    await using its = await setup();
    expect((await ask(its.install, '/install.sh')).body.toString()).toMatch(/agent was not built/);
    await expect(its.install.commands('t')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    builtAgent(its.agentRoom);
    expect((await ask(its.install, '/install.sh')).status).toBe(200);
  });

  test('makes the script anew when our address changed', async () => {
    await using its = await setup();
    builtAgent(its.agentRoom);
    const before = await its.install.script();
    its.place.url = 'https://10.9.9.9:4000';
    const after = await its.install.script();
    expect(after.sha256).not.toBe(before.sha256);
    expect(after.text).toContain('https://10.9.9.9:4000');
  });
});
