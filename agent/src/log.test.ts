import { mkdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/tmp.ts';
import { createLog, type LogLevel } from './log.ts';

function collect(level: LogLevel): { log: ReturnType<typeof createLog>; lines: string[] } {
  const lines: string[] = [];
  return { lines, log: createLog({ level, write: (line) => lines.push(line) }) };
}

test('writes time, level, message and details', () => {
  const { log, lines } = collect('info');
  log.info('online', { server: 'wss://example.com', tries: 2, nothing: undefined });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info {2}online server="wss:\/\/example.com" tries=2\n$/,
  );
});

test('leaves out what is below its level', () => {
  const { log, lines } = collect('warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(lines.map((line) => line.slice(25, 30))).toEqual(['warn ', 'error']);
});

test('a hostile name can neither forge a line nor steer a terminal', () => {
  const { log, lines } = collect('info');
  log.info('stopped', { name: 'web\n2026-01-01 info  all is well\u001b[2J\u009b\u2028' });
  expect(lines[0]?.trimEnd()).not.toMatch(/[\p{Cc}\u2028]/u);
});

test('a registration token never shows, wherever it slipped in', () => {
  const { log, lines } = collect('info');
  log.info('cannot use sk_reg_abcdefgh12345678_Zm9vYmFyLXNlY3JldA-x', { url: 'https://x/?t=sk_reg_abc_DEF' });
  expect(lines.join('')).not.toMatch(/Zm9v|DEF/);
});

test('a file takes the lines too, and one that cannot be written is told once', async () => {
  await using dir = await tempDir();
  const lines: string[] = [];
  const good = createLog({
    level: 'info',
    write: (line) => lines.push(line),
    file: { path: dir.file('agent.log'), maxBytes: 1000, backups: 1 },
  });
  good.info('hello');
  expect(await readFile(dir.file('agent.log'), 'utf8')).toBe(lines[0]);

  await mkdir(dir.file('folder'));
  lines.length = 0;
  const bad = createLog({
    level: 'info',
    write: (line) => lines.push(line),
    file: { path: dir.file('folder'), maxBytes: 1000, backups: 1 },
  });
  bad.info('one');
  bad.info('two');
  expect(lines.filter((line) => line.includes('cannot be written'))).toHaveLength(1);
  expect(lines).toHaveLength(3);
});
