import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { container, docker as cli, type TestContainer } from '../../../testing/docker.ts';
import { eventually, nextItem } from '../../../testing/events.ts';
import { describeWith } from '../../../testing/parts.ts';
import type { CreditWindow } from '../context.ts';
import type { Source } from '../source.ts';
import type { LogBatch, LogOptions } from './container.ts';
import { connected, forever, unlimited } from './testing.ts';

const everything: Omit<LogOptions, 'id'> = {
  tail: null,
  sinceMs: null,
  untilMs: null,
  follow: false,
  stdout: true,
  stderr: true,
  timestamps: false,
};

async function textOf(log: Source<LogBatch>, stream?: 'STDOUT' | 'STDERR'): Promise<string> {
  let text = '';
  for await (const { segments } of log) {
    for (const segment of segments)
      if (stream === undefined || segment.stream === stream) text += segment.text;
  }
  return text;
}

/** A container that has said what it had to say. */
async function finished(script: string, options: readonly string[] = []): Promise<TestContainer> {
  const box = await container({ command: ['sh', '-c', script], options });
  await cli('wait', box.id);
  return box;
}

describeWith('docker', 'logs', () => {
  test('a thousand lines are those of the docker command, in order', async () => {
    using docker = await connected();
    await using box = await finished('i=0; while [ $i -lt 1000 ]; do echo "line $i"; i=$((i+1)); done');
    const text = await textOf(docker.logs({ id: box.id, ...everything }, unlimited, forever));
    expect(text).toBe(await cli('logs', box.id));
    expect(text.split('\n')).toHaveLength(1001);
  });

  test('streams are told apart, and each can be had alone', async () => {
    using docker = await connected();
    await using box = await finished('echo out; echo err >&2; echo out again');
    const log = (over: Partial<LogOptions>): Source<LogBatch> =>
      docker.logs({ id: box.id, ...everything, ...over }, unlimited, forever);
    expect(await textOf(log({}), 'STDOUT')).toBe('out\nout again\n');
    expect(await textOf(log({}), 'STDERR')).toBe('err\n');
    expect(await textOf(log({ stdout: false }))).toBe('err\n');
    expect(await textOf(log({ stderr: false }))).toBe('out\nout again\n');
  });

  test('from the end, from a time, until a time', async () => {
    using docker = await connected();
    await using box = await finished('echo one; sleep 1.1; echo two; sleep 1.1; echo three');
    const log = (over: Partial<LogOptions>): Promise<string> =>
      textOf(docker.logs({ id: box.id, ...everything, ...over }, unlimited, forever));
    expect(await log({ tail: 2 })).toBe('two\nthree\n');
    expect(await log({ tail: 0 })).toBe('');
    const stamps = (await log({ timestamps: true })).trim().split('\n');
    const second = Date.parse(stamps[1]?.split(' ')[0] ?? '');
    expect(await log({ sinceMs: second - 500 })).toBe('two\nthree\n');
    expect(await log({ untilMs: second + 500 })).toBe('one\ntwo\n');
  });

  test('timestamps begin each line as the docker command shows them, long lines included', async () => {
    using docker = await connected();
    await using box = await finished('echo short; head -c 50000 /dev/zero | tr "\\0" x; echo; echo after');
    const text = await textOf(
      docker.logs({ id: box.id, ...everything, timestamps: true }, unlimited, forever),
    );
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines)
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (short|x{50000}|after)$/);
  });

  test('a terminal has one stream and no frames', async () => {
    using docker = await connected();
    await using box = await finished('echo out; echo err >&2', ['--tty']);
    const text = await textOf(docker.logs({ id: box.id, ...everything }, unlimited, forever), 'STDOUT');
    expect(text).toBe('out\r\nerr\r\n');
  });

  test('hostile bytes pass, and harm nothing around them', async () => {
    using docker = await connected();
    await using box = await finished(
      String.raw`printf 'before\n\033[2J\033]0;title\007red\n\377\376\303(\n\0zero\nafter \342\202\254\n'`,
    );
    expect(await textOf(docker.logs({ id: box.id, ...everything }, unlimited, forever))).toBe(
      'before\n\u001b[2J\u001b]0;title\u0007red\n\ufffd\ufffd\ufffd(\n\u0000zero\nafter €\n',
    );
  });

  test('a line of 10 MB arrives whole, in pieces', async () => {
    using docker = await connected();
    await using box = await finished('head -c 10485760 /dev/zero | tr "\\0" x; echo; echo after');
    const pieces: { length: number; partial: boolean }[] = [];
    for await (const { segments } of docker.logs({ id: box.id, ...everything }, unlimited, forever)) {
      for (const { text, partial } of segments) pieces.push({ length: Buffer.byteLength(text), partial });
    }
    expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBe(10_485_760 + 1 + 6);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
    expect(pieces.at(-1)?.partial).toBe(false);
  });

  test('following shows lines as they come, and ends with the container', async () => {
    using docker = await connected();
    const script = 'trap "echo bye; exit 0" TERM; echo hello; while :; do sleep 0.1; done';
    await using box = await container({ command: ['sh', '-c', script] });
    const log = docker.logs({ id: box.id, ...everything, follow: true }, unlimited, forever);
    const first = await nextItem(log);
    expect(first.segments).toEqual([{ stream: 'STDOUT', text: 'hello\n', partial: false }]);
    await cli('stop', box.id);
    expect(await textOf(log)).toBe('bye\n');
  });

  test('nothing is read while there is no credit', async () => {
    using docker = await connected();
    await using box = await finished('yes 0123456789012345678901234567890123456789 | head -c 20000000');
    let left = 200_000;
    let resume: (() => void) | undefined;
    const credits: CreditWindow = {
      available: () => left,
      async take(bytes) {
        while (left < bytes) await new Promise<void>((resolve) => (resume = resolve));
        left -= bytes;
      },
    };
    const before = process.memoryUsage().rss;
    const log = docker.logs({ id: box.id, ...everything }, credits, forever);
    let taken = 0;
    const reading = (async () => {
      for await (const { segments } of log) for (const { text } of segments) taken += Buffer.byteLength(text);
    })();
    await eventually(() => resume !== undefined, 'the credit to run out');
    expect(taken).toBeLessThanOrEqual(200_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(40 * 2 ** 20);
    left = Number.POSITIVE_INFINITY;
    resume?.();
    await reading;
    expect(taken).toBe(20_000_000);
  });

  test('1,000 opens and closes of a silent log leave nothing behind', async () => {
    using docker = await connected();
    await using box = await container();
    const sockets = (): number => readdirSync('/proc/self/fd').length;
    const silent = (): Source<LogBatch> =>
      docker.logs({ id: box.id, ...everything, follow: true }, unlimited, forever);
    const warmUp = silent();
    void warmUp.next();
    await warmUp.return();
    await eventually(async () => (await box.state()) === 'running', 'the container to run');
    const before = sockets();
    for (let round = 0; round < 100; round++) {
      const streams = Array.from({ length: 10 }, silent);
      const pending = streams.map((stream) => stream.next());
      // Some are ended before the engine has answered, some after.
      if (round % 2 === 0) await docker.list({ all: false, ids: [box.id], first: 1, after: null });
      for (const stream of streams) expect(await stream.return()).toEqual({ done: true, value: undefined });
      for (const next of pending) expect(await next).toEqual({ done: true, value: undefined });
    }
    await eventually(() => sockets() <= before, 'every connection to be closed');
  });

  test('the log of a container that does not exist is refused', async () => {
    using docker = await connected();
    await expect(
      docker.logs({ id: 'f'.repeat(64), ...everything }, unlimited, forever).next(),
    ).rejects.toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  test('the end of the operation closes the connection in the middle of a flood', async () => {
    using docker = await connected();
    await using box = await container({ command: ['sh', '-c', 'yes flood'] });
    const operation = new AbortController();
    const before = readdirSync('/proc/self/fd').length;
    const log = docker.logs({ id: box.id, ...everything, follow: true }, unlimited, operation.signal);
    await nextItem(log);
    operation.abort();
    expect((await log.next()).done).toBe(true);
    await eventually(() => readdirSync('/proc/self/fd').length <= before, 'the connection to be closed');
  });
});
