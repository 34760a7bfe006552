import { existsSync } from 'node:fs';
import { rename, truncate, utimes } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Scope } from '@serverkit/wire/scopes.ts';
import { unlimited } from '../../access/rights.ts';
import { testApi, type TestApi, type TestPerson } from '../../graphql/testing.ts';
import { addServer } from '../../metrics/testing.ts';
import { newId } from '../../ids.ts';
import { codeOf } from '../../../../testing/graphql-client.ts';
import { RecordingFile } from './file.ts';
import { visibleTo } from './shelf.ts';

let api: TestApi;
let admin: TestPerson;
let serverId = '';
beforeAll(async () => {
  api = await testApi();
  admin = await api.join('admin');
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  serverId = (await addServer(api.platform.db)).id;
});

const shelf = () => api.services.terminals.recordings.shelf;
const prisma = () => api.platform.db.prisma;
const day = 24 * 60 * 60_000;

/** One that ended so many days ago, with its file. */
async function recorded(daysAgo: number, required = false, bytes = 0): Promise<{ id: string; path: string }> {
  const id = newId('recording');
  const place = shelf().placeOf({ id, serverId });
  const file = await RecordingFile.create(place);
  await file.write('{"version":2}\n');
  await file.close();
  if (bytes > 0) await truncate(place.path, bytes);
  const endedAt = new Date(Date.now() - daysAgo * day);
  await utimes(place.path, endedAt, endedAt);
  await prisma().terminalRecording.create({
    data: {
      id,
      serverId,
      terminalId: newId('terminal'),
      place: 'container',
      privileged: false,
      required,
      actor: { kind: 'system', label: 'test' },
      target: { kind: 'container', id: 'box', name: 'web' },
      endedAt,
      ending: 'COMPLETE',
      pieces: file.pieces,
    },
  });
  return { id, path: place.path };
}

async function actions(): Promise<string[]> {
  const rows = await prisma().auditEvent.findMany({ where: { serverId }, orderBy: { id: 'asc' } });
  return rows.map(({ action }) => action);
}

test('are kept for their time, and what belongs to none of them no longer either', async () => {
  const [old, kept, stray] = [await recorded(11), await recorded(9), await recorded(11)];
  await prisma().terminalRecording.delete({ where: { id: stray.id } });
  expect(await shelf().sweep(new Date(Date.now() - 10 * day))).toBe(1);
  const left = await prisma().terminalRecording.findMany({ where: { serverId }, select: { id: true } });
  expect(left).toEqual([{ id: kept.id }]);
  expect([old, kept, stray].map(({ path }) => existsSync(path))).toEqual([false, true, false]);
});

test('go with their server, and the ends of its open terminals are on record', async () => {
  const { path } = await recorded(1);
  await prisma().openTerminal.create({
    data: {
      id: 'trm_open',
      serverId,
      actor: { kind: 'user', id: admin.userId, label: 'ada', address: '' },
      target: { kind: 'container', id: 'box', name: 'web' },
    },
  });
  await admin.client.query(
    'mutation ($input: DeleteServerInput!) { deleteServer(input: $input) { deletedServerId } }',
    { input: { serverId } },
  );
  expect(existsSync(path)).toBe(false);
  expect(await prisma().terminalRecording.count({ where: { serverId } })).toBe(0);
  expect(await actions()).toEqual(['terminal.end', 'server.delete']);
  const [end] = await prisma().auditEvent.findMany({ where: { serverId, action: 'terminal.end' } });
  expect(end).toMatchObject({
    targetName: 'web',
    parameters: { terminalId: 'trm_open', reason: 'SERVER_DELETED', openedBy: 'ada' },
  });
});

test('that were being made go on with the next start, and end when their terminal is gone', async () => {
  const { id } = await recorded(0);
  await prisma().terminalRecording.update({
    where: { id },
    data: { endedAt: null, ending: null, pieces: 0 },
  });
  await api.services.terminals.recordings.resume();
  expect(await prisma().terminalRecording.findUnique({ where: { id } })).toMatchObject({
    ending: 'LOST',
    pieces: 1,
    sizeBytes: 14,
  });
});

test('whose file is not there say so', async () => {
  const { id, path } = await recorded(0);
  await utimes(path, 0, 0);
  await prisma().terminalRecording.delete({ where: { id } });
  await shelf().sweep(new Date());
  const row = { ...(await recordedRow()), id };
  await expect(shelf().read(row).next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

async function recordedRow() {
  const { id } = await recorded(0);
  return prisma().terminalRecording.findUniqueOrThrow({ where: { id } });
}

test('whose file is missing at the start end on record, and are read once it is back', async () => {
  const { id, path } = await recorded(0);
  await prisma().terminalRecording.update({
    where: { id },
    data: { endedAt: null, ending: null, pieces: 0 },
  });
  await rename(path, `${path}.away`);
  await api.services.terminals.recordings.resume();
  const row = await prisma().terminalRecording.findUniqueOrThrow({ where: { id } });
  expect(row).toMatchObject({ ending: 'FAILED' });
  const [end] = await prisma().auditEvent.findMany({
    where: { serverId, action: 'terminalRecording.end' },
  });
  expect(end).toMatchObject({ targetId: id, outcome: 'failed', code: 'RECORDING_FAILED' });
  await rename(`${path}.away`, path);
  let text = '';
  for await (const piece of shelf().read(row)) text += piece.toString();
  expect(text).toContain('{"version":2}\n');
});

test('that had to be made take with their server what deleting one takes', async () => {
  const { path } = await recorded(1, true);
  const operator = await api.join('operator');
  const document =
    'mutation ($input: DeleteServerInput!) { deleteServer(input: $input) { deletedServerId } }';
  const many = 'mutation ($input: BulkServersInput!) { bulkServers(input: $input) { error { code } } }';
  expect(codeOf(await operator.client.answer(document, { input: { serverId } }))).toBe('PERMISSION_DENIED');
  expect(await operator.client.query(many, { input: { action: 'DELETE', serverIds: [serverId] } })).toEqual({
    bulkServers: [{ error: { code: 'PERMISSION_DENIED' } }],
  });
  expect(existsSync(path)).toBe(true);
  expect(await prisma().server.count({ where: { id: serverId } })).toBe(1);
  await admin.client.query(document, { input: { serverId } });
  expect(existsSync(path)).toBe(false);
});

describe('that take more than they may', () => {
  const megabyte = 1024 * 1024;
  const set = (megabytes: number) =>
    admin.client.query(
      'mutation ($input: SetTerminalRecordingInput!) { setTerminalRecording(input: $input) { megabytes usedBytes } }',
      { input: { everywhere: false, days: 90, megabytes } },
    );
  const there = (...all: { path: string }[]) => all.map(({ path }) => existsSync(path));
  beforeEach(async () => {
    await prisma().terminalRecording.deleteMany();
    await shelf().sweep(new Date(Date.now() + day));
    await set(8192);
  });

  test('make room at once, those first that ended first, and each is on record', async () => {
    const newest = await recorded(1, false, 30 * megabyte);
    const oldest = await recorded(9, true, 30 * megabyte);
    const middle = await recorded(5, false, 30 * megabyte);
    expect(await set(64)).toEqual({
      setTerminalRecording: { megabytes: 64, usedBytes: 60 * megabyte },
    });
    expect(there(oldest, middle, newest)).toEqual([false, true, true]);
    const left = await prisma().terminalRecording.findMany({ where: { serverId }, select: { id: true } });
    expect(left.map(({ id }) => id).toSorted()).toEqual([newest.id, middle.id].toSorted());
    const events = await prisma().auditEvent.findMany({ where: { serverId } });
    expect(events).toMatchObject([
      {
        action: 'terminalRecording.expire',
        targetId: oldest.id,
        parameters: { reason: 'OVER_BUDGET', bytes: 30 * megabyte, required: true },
      },
    ]);
  });

  test('leave one that is being made, which has no room then', async () => {
    const { budget } = api.services.terminals.recordings;
    const made = await recorded(9, true, 65 * megabyte);
    await prisma().terminalRecording.update({ where: { id: made.id }, data: { endedAt: null } });
    const ended = await recorded(1, true, megabyte);
    await set(64);
    expect(there(made, ended)).toEqual([true, false]);
    expect(await budget.fits()).toBe(false);
    await prisma().terminalRecording.update({ where: { id: made.id }, data: { endedAt: new Date() } });
    expect(await budget.fits()).toBe(true);
    expect(there(made)).toEqual([false]);
  });

  test('take old files that belong to none with them, and no fresh one, whose row may be about to come', async () => {
    const [old, fresh] = [await recorded(3, false, 65 * megabyte), await recorded(0, false, 65 * megabyte)];
    await prisma().terminalRecording.deleteMany({ where: { serverId } });
    await set(64);
    expect(there(old, fresh)).toEqual([false, true]);
  });

  test('stay as much as was allowed when only the others are set', async () => {
    await set(100);
    const { setTerminalRecording } = await admin.client.query<{ setTerminalRecording: object }>(
      'mutation ($input: SetTerminalRecordingInput!) { setTerminalRecording(input: $input) { days megabytes } }',
      { input: { everywhere: false, days: 30 } },
    );
    expect(setTerminalRecording).toEqual({ days: 30, megabytes: 100 });
  });
});

test('of what reaches beyond its container are seen by those who may reach there', async () => {
  const { id } = await recorded(0);
  await prisma().terminalRecording.update({ where: { id }, data: { privileged: true } });
  const seenWith = (...scopes: Scope[]) =>
    prisma().terminalRecording.findMany({
      where: { serverId, AND: [visibleTo(unlimited(new Set(scopes)))] },
      select: { id: true },
    });
  const plain = ['audit:read', 'docker:containers:exec'] as const;
  expect(await seenWith(...plain)).toEqual([]);
  expect(await seenWith(...plain, 'docker:containers:privileged')).toEqual([{ id }]);
});
