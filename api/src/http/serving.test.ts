import { WebSocket, WebSocketServer } from 'ws';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { eventually, nextEvent } from '../../../testing/events.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { addDashboard } from './dashboard.ts';
import { Dispatcher } from './dispatch.ts';
import { readBody, sendJson, sendText } from './exchange.ts';
import { HostPolicy } from './host-policy.ts';
import { connectTo, requestFrom } from './in-memory.ts';
import { Listener } from './listener.ts';
import { RouteTable, type Router } from './router.ts';
import { parseTrustProxy, type TrustProxy } from './trust-proxy.ts';

const serving = (
  add: (router: Router) => void,
  settings: { publicUrl?: string; trustProxy?: string; channel?: 'main' | 'local' } = {},
): Listener => {
  const routes = new RouteTable();
  add(routes);
  const parsed = parseTrustProxy(settings.trustProxy ?? 'off');
  const trustProxy: TrustProxy = typeof parsed === 'string' ? { kind: 'none' } : parsed;
  const log = pino({ level: 'silent' });
  const policy = new HostPolicy({
    publicUrl: settings.publicUrl,
    bindHost: '127.0.0.1',
    certificate: undefined,
  });
  const dispatcher = new Dispatcher({
    env: { trustProxy, publicUrl: settings.publicUrl },
    routes,
    policy,
    log,
    publicUrl: () => settings.publicUrl ?? 'http://127.0.0.1:4000',
  });
  return new Listener({
    channel: settings.channel ?? 'main',
    log,
    handlers: {
      request: (...args) => dispatcher.request(...args),
      upgrade: (...args) => dispatcher.upgrade(...args),
    },
  });
};

const echoFacts = (router: Router): void =>
  router.http({
    path: '/facts',
    methods: ['GET'],
    handle: ({ response, facts }) => sendJson(response, 200, facts),
  });

describe('routing', () => {
  it('prefers the longest path, and says which methods an address takes', async () => {
    const listener = serving((router) => {
      router.http({
        path: '/*',
        methods: ['GET'],
        handle: ({ response }) => sendText(response, 200, 'page'),
      });
      router.http({
        path: '/graphql',
        methods: ['POST'],
        handle: ({ response }) => sendText(response, 200, 'api'),
      });
    });
    expect((await requestFrom(listener, '/graphql', { method: 'POST' })).text).toBe('api\n');
    expect((await requestFrom(listener, '/graphql')).text).toBe('page\n');
    const refused = await requestFrom(listener, '/graphql', { method: 'PUT' });
    expect(refused).toMatchObject({ status: 405, headers: { allow: 'POST, GET' } });
  });

  it('answers 400 to a malformed target', async () => {
    const listener = serving(echoFacts);
    expect((await requestFrom(listener, '/%zz')).status).toBe(400);
    expect((await requestFrom(listener, 'http://localhost/facts')).status).toBe(400);
  });

  it('hides a failure behind one sentence', async () => {
    const listener = serving((router) =>
      router.http({
        path: '/broken',
        methods: ['GET'],
        handle: () => {
          throw new Error('secret detail');
        },
      }),
    );
    const answer = await requestFrom(listener, '/broken');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret detail');
  });

  it('bounds a body, declared or not', async () => {
    const listener = serving((router) =>
      router.http({
        path: '/in',
        methods: ['POST'],
        handle: async ({ request, response }) =>
          sendText(response, 200, (await readBody(request, 8)).toString()),
      }),
    );
    expect((await requestFrom(listener, '/in', { method: 'POST', body: '12345678' })).text).toBe(
      '12345678\n',
    );
    expect((await requestFrom(listener, '/in', { method: 'POST', body: '123456789' })).status).toBe(413);
    const chunked = { method: 'POST', body: '123456789', headers: { 'transfer-encoding': 'chunked' } };
    expect((await requestFrom(listener, '/in', chunked)).status).toBe(413);
  });

  it('refuses headers over 16 KB', async () => {
    const answer = await requestFrom(serving(echoFacts), '/facts', { headers: { x: 'a'.repeat(17_000) } });
    expect(answer.status).toBe(431);
  });

  it('shows the private socket only what was meant for it', async () => {
    const add = (router: Router): void => {
      echoFacts(router);
      router.http({
        path: '/agent/register',
        methods: ['POST'],
        channels: ['main', 'local'],
        handle: ({ response, facts }) => sendJson(response, 200, facts),
      });
    };
    const local = serving(add, { channel: 'local' });
    expect((await requestFrom(local, '/facts')).status).toBe(404);
    const headers = { host: 'whatever', 'x-forwarded-for': '1.2.3.4' };
    const answer = await requestFrom(local, '/agent/register', { method: 'POST', headers });
    expect(JSON.parse(answer.text)).toMatchObject({ channel: 'local', address: 'local', secure: false });
  });
});

describe('a request that a proxy in front may read in another way', () => {
  const host = 'Host: localhost';
  const rest = 'GET /facts HTTP/1.1';
  const ambiguous: readonly (readonly [what: string, lines: readonly string[]])[] = [
    ['names two hosts', [`GET /facts HTTP/1.1`, host, 'Host: evil.example', '', '']],
    ['names no host', [`GET /facts HTTP/1.1`, '', '']],
    [
      'has two lengths',
      ['POST /facts HTTP/1.1', host, 'Content-Length: 0', 'Content-Length: 5', '', rest, '', ''],
    ],
    [
      'has a length and comes in chunks',
      [
        'POST /facts HTTP/1.1',
        host,
        'Content-Length: 5',
        'Transfer-Encoding: chunked',
        '',
        '0',
        '',
        rest,
        host,
        '',
        '',
      ],
    ],
    ['has a signed length', ['POST /facts HTTP/1.1', host, 'Content-Length: +5', '', 'hello', '']],
    ['has a space before a colon', ['GET /facts HTTP/1.1', 'Host : localhost', '', '']],
    ['folds a header', ['GET /facts HTTP/1.1', host, 'X-A: 1', ' Content-Length: 5', '', '']],
    ['has U+0000 in a header', ['GET /facts HTTP/1.1', host, 'X-A: 1\0', '', '']],
    ['is meant for a proxy', ['GET http://evil.example/facts HTTP/1.1', host, '', '']],
  ];

  it.each(ambiguous)('and %s is refused, and nothing after it is served', async (_what, lines) => {
    const connection = connectTo(serving(echoFacts));
    let text = '';
    connection.setEncoding('latin1');
    connection.on('data', (chunk: string) => {
      text += chunk;
    });
    connection.write(lines.join('\r\n'), 'latin1');
    await eventually(() => text.includes('\r\n\r\n'), 'an answer');
    connection.destroy();
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
  });
});

describe('names and origins', () => {
  it('answers 421 with a sentence under a name that is not ours', async () => {
    const answer = await requestFrom(serving(echoFacts), '/facts', {
      headers: { host: 'rebound.evil.example' },
    });
    expect(answer.status).toBe(421);
    expect(answer.text).toContain('set PUBLIC_URL');
  });

  it('refuses an upgrade under a foreign name', async () => {
    const listener = serving((router) =>
      router.upgrade({ path: '/graphql', handle: (_request, socket) => socket.destroy() }),
    );
    const answer = await requestFrom(listener, '/graphql', {
      headers: { host: 'evil.example', connection: 'Upgrade', upgrade: 'websocket' },
    });
    expect(answer.status).toBe(421);
  });

  it('tells rooms whether a page of ours asks', async () => {
    const listener = serving(echoFacts);
    const verdictFor = async (origin: string): Promise<string> =>
      (await requestFrom(listener, '/facts', { headers: { host: '127.0.0.1:4000', origin } })).text;
    expect(await verdictFor('http://127.0.0.1:4000')).toContain('"originVerdict":"same"');
    expect(await verdictFor('http://127.0.0.1:8080')).toContain('"originVerdict":"foreign"');
  });
});

describe('behind a proxy', () => {
  const headers = { 'x-forwarded-for': '6.6.6.6, 203.0.113.9', 'x-forwarded-proto': 'https' };
  const factsThrough = async (trustProxy: string, remoteAddress: string): Promise<unknown> => {
    const listener = serving(echoFacts, { trustProxy, publicUrl: 'https://kit.example' });
    return JSON.parse((await requestFrom(listener, '/facts', { headers, ends: { remoteAddress } })).text);
  };

  it('believes the headers of a trusted proxy, and sets HSTS', async () => {
    expect(await factsThrough('10.0.0.0/8', '10.0.0.1')).toMatchObject({
      address: '203.0.113.9',
      secure: true,
    });
    expect(await factsThrough('on', '198.51.100.1')).toMatchObject({ address: '203.0.113.9', secure: true });
    const listener = serving(echoFacts, { trustProxy: 'on' });
    const answer = await requestFrom(listener, '/facts', { headers });
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
  });

  it('ignores them without TRUST_PROXY', async () => {
    expect(await factsThrough('off', '127.0.0.1')).toMatchObject({ address: '127.0.0.1', secure: false });
  });

  it('sends who goes around the proxy to its https address', async () => {
    const listener = serving(echoFacts, { trustProxy: '10.0.0.0/8', publicUrl: 'https://kit.example' });
    const answer = await requestFrom(listener, '/facts?x=1', {
      headers,
      ends: { remoteAddress: '198.51.100.1' },
    });
    expect(answer).toMatchObject({ status: 308, headers: { location: 'https://kit.example/facts?x=1' } });
  });
});

describe('upgrades', () => {
  it('hands the socket to the room that asked for the path', async () => {
    const sockets = new WebSocketServer({ noServer: true });
    sockets.on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    );
    const listener = serving((router) =>
      router.upgrade({
        path: '/agent/ws',
        handle: (request, socket, head) =>
          sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws)),
      }),
    );
    const client = new WebSocket('ws://localhost/agent/ws', { createConnection: () => connectTo(listener) });
    await once(client, 'open');
    client.send('hello');
    const [answer] = await nextEvent(client, 'message');
    expect(answer).toEqual(Buffer.from('hello'));
    const closed = once(client, 'close');
    listener.destroy();
    await closed;
  });

  it('serves a request that offers another protocol as if it did not', async () => {
    const answer = await requestFrom(serving(echoFacts), '/facts', {
      headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': '' },
    });
    expect(answer.status).toBe(200);
  });

  it('answers 404 where nothing speaks WebSocket', async () => {
    const answer = await requestFrom(serving(echoFacts), '/facts', {
      headers: { connection: 'Upgrade', upgrade: 'websocket' },
    });
    expect(answer.status).toBe(404);
  });
});

describe('the dashboard', () => {
  const script = '{ __sveltekit = {}; import("/_app/immutable/start.js") }';
  const built = async (): Promise<{ listener: Listener } & AsyncDisposable> => {
    const dir = await tempDir();
    mkdirSync(dir.file('_app', 'immutable'), { recursive: true });
    writeFileSync(
      dir.file('200.html'),
      `<html><body><script>${script}</script><script src="/x.js"></script></body>`,
    );
    writeFileSync(dir.file('_app', 'immutable', 'start.js'), 'start()');
    writeFileSync(dir.file('_app', 'immutable', 'start.js.br'), 'brotli');
    writeFileSync(dir.file('favicon.svg'), '<svg/>');
    const listener = serving((router) => addDashboard(router, dir.path));
    return { listener, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
  };

  it('serves the application for every page, and 404 for a file that is missing', async () => {
    await using site = await built();
    for (const path of ['/', '/servers/srv_1?tab=logs', '/sign-in']) {
      const page = await requestFrom(site.listener, path);
      expect(page).toMatchObject({ status: 200, headers: { 'cache-control': 'no-cache' } });
      expect(page.text).toContain(script);
    }
    for (const path of [
      '/_app/immutable/old.js',
      '/missing.png',
      '/../../../etc/passwd.x',
      '/%2e%2e/package.json',
    ]) {
      expect((await requestFrom(site.listener, path)).status).toBe(404);
    }
  });

  it('allows the inline script of the page by its hash and nothing else inline', async () => {
    await using site = await built();
    const policy = String((await requestFrom(site.listener, '/')).headers['content-security-policy']);
    const hash = createHash('sha256').update(script).digest('base64');
    expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`);
    expect(policy).toContain(`frame-ancestors 'none'`);
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
  });

  it('keeps hashed files for ever and sends the compressed form that the build left', async () => {
    await using site = await built();
    const path = '/_app/immutable/start.js';
    const compressed = await requestFrom(site.listener, path, { headers: { 'accept-encoding': 'gzip, br' } });
    expect(compressed).toMatchObject({
      text: 'brotli',
      headers: {
        'content-encoding': 'br',
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'accept-encoding',
      },
    });
    expect((await requestFrom(site.listener, path, { headers: { 'accept-encoding': 'br;q=0' } })).text).toBe(
      'start()',
    );
  });

  it('answers 304 to who has it already', async () => {
    await using site = await built();
    const first = await requestFrom(site.listener, '/favicon.svg');
    const again = await requestFrom(site.listener, '/favicon.svg', {
      headers: { 'if-none-match': String(first.headers.etag) },
    });
    expect(again).toMatchObject({ status: 304, text: '' });
  });

  it('sets the security headers on everything', async () => {
    await using site = await built();
    for (const path of ['/', '/favicon.svg', '/missing.png']) {
      const { headers } = await requestFrom(site.listener, path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
      });
      expect(headers['content-security-policy']).toContain(`frame-ancestors 'none'`);
    }
  });

  it('says what to do when it was never built', async () => {
    await using dir = await tempDir();
    const listener = serving((router) => addDashboard(router, dir.file('none')));
    const answer = await requestFrom(listener, '/');
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('npm run build');
  });
});
