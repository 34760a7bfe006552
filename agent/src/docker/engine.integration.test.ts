import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { describeWith } from '../../../testing/parts.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { createEngine } from './engine.ts';
import { object, text as textIn } from './json.ts';
import { forever } from './testing.ts';

describeWith('docker', 'the Engine API', () => {
  const engine = createEngine({ socket: '/var/run/docker.sock', timeoutMs: 30_000 });

  test('takes JSON and answers JSON', async () => {
    const name = uniqueName();
    const body = { Image: 'serverkit-test/busybox:1', Cmd: ['true'], Labels: { 'ünïcode "label"': 'yes' } };
    const made = object(await engine.call('POST', '/containers/create', { query: { name }, body }));
    const id = textIn(made['Id']);
    try {
      const label = await cli('inspect', '--format', '{{index .Config.Labels "ünïcode \\"label\\""}}', id);
      expect(label.trim()).toBe('yes');
    } finally {
      await engine.delete(`/containers/${id}`, { force: true });
    }
  });

  test('tells a refusal of a call as what it means', async () => {
    const body = { Image: 'serverkit-test/nothing:none' };
    await expect(engine.call('POST', '/containers/create', { body })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('takes a stream and answers with one', async () => {
    await using box = await container();
    await cli('exec', box.id, 'sh', '-c', 'mkdir /from /to; echo carried >/from/file');
    const read = await engine.open('GET', `/containers/${box.id}/archive`, {
      query: { path: '/from/.' },
      signal: forever,
    });
    const archive = await buffer(read);
    const pieces = Array.from({ length: Math.ceil(archive.length / 512) }, (_, index) =>
      archive.subarray(index * 512, (index + 1) * 512),
    );
    const written = await engine.open('PUT', `/containers/${box.id}/archive`, {
      query: { path: '/to' },
      body: Readable.from(pieces),
      signal: forever,
    });
    await text(written);
    expect(await cli('exec', box.id, 'cat', '/to/file')).toBe('carried\n');
  });

  test('tells a refusal of a stream as what it means', async () => {
    await using box = await container({ start: false });
    const reading = engine.open('GET', `/containers/${box.id}/archive`, {
      query: { path: '/no/such/file' },
      signal: forever,
    });
    await expect(reading).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('talks both ways with a process, whose input ends when ours does', async () => {
    await using box = await container();
    const body = { AttachStdin: true, AttachStdout: true, Tty: false, Cmd: ['tr', 'a-z', 'A-Z'] };
    const made = object(await engine.call('POST', `/containers/${box.id}/exec`, { body }));
    const socket = await engine.hijack(`/exec/${textIn(made['Id'])}/start`, {
      body: { Detach: false, Tty: false },
      signal: forever,
    });
    socket.end('hello');
    // Eight bytes of frame, then what the process wrote.
    expect((await buffer(socket)).subarray(8).toString()).toBe('HELLO');
  });

  test('an aborted connection closes on both sides', async () => {
    await using box = await container();
    const body = { AttachStdin: true, AttachStdout: true, Tty: true, Cmd: ['cat'] };
    const made = object(await engine.call('POST', `/containers/${box.id}/exec`, { body }));
    const leaving = new AbortController();
    const socket = await engine.hijack(`/exec/${textIn(made['Id'])}/start`, {
      body: { Detach: false, Tty: true },
      signal: leaving.signal,
    });
    const closed = once(socket, 'close');
    leaving.abort();
    await closed;
    expect(socket.destroyed).toBe(true);
  });

  test('what is no exec is a refusal', async () => {
    const hijacking = engine.hijack('/exec/nothing/start', {
      body: { Detach: false, Tty: true },
      signal: forever,
    });
    await expect(hijacking).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describeWith([], 'something else behind the socket of the engine', () => {
  /** Listens where an engine would, and does to each connection what the test says. */
  async function listening(path: string, meet: Parameters<typeof createServer>[1]): Promise<Server> {
    const server = createServer({}, meet);
    server.listen(path);
    await once(server, 'listening');
    return server;
  }
  const calls = [
    ['a call', (engine: ReturnType<typeof createEngine>) => engine.call('POST', '/x', { body: {} })],
    ['a stream', (engine: ReturnType<typeof createEngine>) => engine.open('POST', '/x', { signal: forever })],
    ['a connection', (engine: ReturnType<typeof createEngine>) => engine.hijack('/x', { signal: forever })],
  ] as const;

  test.each(calls)('%s that is never answered is given up', async (_what, call) => {
    await using folder = await tempDir('serverkit-engine-');
    const server = await listening(folder.file('engine.sock'), (socket) => socket.resume());
    try {
      const engine = createEngine({ socket: folder.file('engine.sock'), timeoutMs: 50 });
      await expect(call(engine)).rejects.toMatchObject({ code: 'DOCKER_UNAVAILABLE' });
    } finally {
      server.close();
    }
  });

  test.each(calls)('%s that is hung up on says so', async (_what, call) => {
    await using folder = await tempDir('serverkit-engine-');
    const server = await listening(folder.file('engine.sock'), (socket) => socket.destroy());
    try {
      const engine = createEngine({ socket: folder.file('engine.sock'), timeoutMs: 5_000 });
      await expect(call(engine)).rejects.toMatchObject({ code: 'DOCKER_UNAVAILABLE' });
    } finally {
      server.close();
    }
  });

  test('an upload that fails ends its request', async () => {
    await using folder = await tempDir('serverkit-engine-');
    const server = await listening(folder.file('engine.sock'), (socket) => socket.resume());
    try {
      const engine = createEngine({ socket: folder.file('engine.sock'), timeoutMs: 60_000 });
      const body = new Readable({ read: () => undefined });
      const sending = engine.open('PUT', '/x', { body, signal: forever });
      body.destroy(new Error('the disk is gone'));
      await expect(sending).rejects.toMatchObject({ code: 'DOCKER_UNAVAILABLE' });
    } finally {
      server.close();
    }
  });
});
