import { mkdir, readFile, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/tmp.ts';
import { openAudit } from './audit.ts';
import { createLog, silentLog } from './log.ts';

test('keeps a line for each change and refusal, for its account alone', async () => {
  await using dir = await tempDir();
  const audit = openAudit(dir.file('audit'), silentLog);
  audit.record({
    operationId: 'op1',
    actor: 'usr_1',
    field: 'stopContainer',
    outcome: 'succeeded',
    target: 'web',
  });
  audit.record({
    operationId: 'op2',
    actor: 'usr_2',
    field: 'killContainer',
    outcome: 'refused',
    code: 'SCOPE_DENIED',
  });
  const lines = (await readFile(dir.file('audit'), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { operationId: 'op1', actor: 'usr_1', field: 'stopContainer', outcome: 'succeeded', target: 'web' },
    { operationId: 'op2', actor: 'usr_2', field: 'killContainer', outcome: 'refused', code: 'SCOPE_DENIED' },
  ]);
  expect((await stat(dir.file('audit'))).mode & 0o777).toBe(0o600);
});

test('a hostile actor stays on its own line', async () => {
  await using dir = await tempDir();
  const audit = openAudit(dir.file('audit'), silentLog);
  audit.record({ operationId: 'op1', actor: 'x"}\n{"actor":"forged"}', field: 'f', outcome: 'refused' });
  expect((await readFile(dir.file('audit'), 'utf8')).trimEnd().split('\n')).toHaveLength(1);
});

test('a record that cannot be written is told to the log', async () => {
  await using dir = await tempDir();
  await mkdir(dir.file('audit'));
  const lines: string[] = [];
  const audit = openAudit(
    dir.file('audit'),
    createLog({ level: 'error', write: (line) => lines.push(line) }),
  );
  audit.record({ operationId: 'op1', actor: 'usr_1', field: 'stopContainer', outcome: 'succeeded' });
  expect(lines.join('')).toContain('the audit file cannot be written');
});
