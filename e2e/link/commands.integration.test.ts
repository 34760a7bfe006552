import { readFileSync } from 'node:fs';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { createCommands } from '../../api/src/agents/commands.ts';
import type { AgentLink } from '../../api/src/agents/link.ts';
import { quiet } from '../../api/src/database/testing.ts';
import { eventually } from '../../testing/events.ts';
import { gql, openRig, type Rig } from './rig.ts';
import { openNetwork } from './tcp-proxy.ts';

const Mark = gql<{ mark: boolean }, { text: string }>('mutation Mark($text: String!) { mark(text: $text) }');
const Hold = gql<{ markThenHold: boolean }, { text: string }>(
  'mutation Hold($text: String!) { markThenHold(text: $text) }',
);
const HangBefore = gql<{ hangBefore: boolean }>('mutation HangBefore { hangBefore }');
const Shell = gql<{ shell: boolean }>('mutation Shell { shell }');
const Fail = gql<{ fail: boolean }>('mutation Fail { fail }');
const write = 'docker:containers:write';
const ada = { kind: 'user', id: 'usr_ada', label: 'ada@example.com', address: '10.0.0.1' } as const;
const system = { kind: 'system', label: 'test' } as const;

describe('a command and what became of it', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({ pace: { returnWaitMs: 2_000, aliveWithinMs: 300, reconcileEveryMs: 500 } });
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  interface Extra {
    readonly scope?: AgentScope;
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
  }
  function run<Result, Variables>(
    serverId: string,
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
    extra: Extra = {},
  ): Promise<Result | null> {
    return rig.agents.commands.run({
      serverId,
      action: 'test.change',
      target: { kind: 'container', id: 'c1', name: 'web' },
      scope: write,
      document,
      variables,
      parameters: { force: true },
      actor: ada,
      ...extra,
    });
  }

  const rows = (serverId: string) =>
    rig.db.prisma.command.findMany({ where: { serverId }, orderBy: { createdAt: 'asc' } });
  const audited = (serverId: string) =>
    rig.db.prisma.auditEvent.findMany({
      where: { serverId, action: 'test.change' },
      orderBy: { id: 'asc' },
      select: { actorKind: true, actorId: true, outcome: true, code: true, targetName: true },
    });
  const byAda = { actorKind: 'user', actorId: 'usr_ada', targetName: 'web' };
  const byReconciliation = { actorKind: 'system', actorId: null, targetName: null };
  const rowBecomes = (serverId: string, state: string) =>
    eventually(async () => {
      const [row] = await rows(serverId);
      return row?.state === state && row;
    }, `the row to be ${state}`);

  async function backOnAnotherLink(serverId: string, epoch: number): Promise<void> {
    await rig.until('it is back', () => (rig.agents.links.get(serverId)?.epoch ?? 0) > epoch);
  }

  it('that succeeds is on record here and on the host, by the same id', async () => {
    const { serverId, auditFile } = await rig.join();
    await expect(run(serverId, Mark, { text: 'a' })).resolves.toEqual({ mark: true });
    const [row] = await rows(serverId);
    expect(row).toMatchObject({
      state: 'succeeded',
      operation: 'test.change',
      userId: 'usr_ada',
      parameters: { force: true },
      errorCode: null,
    });
    await expect(audited(serverId)).resolves.toEqual([{ ...byAda, outcome: 'ok', code: null }]);
    expect(JSON.parse(readFileSync(auditFile, 'utf8'))).toMatchObject({
      operationId: row?.id,
      actor: 'usr_ada',
      field: 'mark',
      outcome: 'succeeded',
    });
  });

  it('that the agent fails carries its reason', async () => {
    const { serverId } = await rig.join();
    const message = 'It is running already.';
    await expect(run(serverId, Fail, {})).rejects.toMatchObject({ code: 'CONFLICT', message });
    await expect(rows(serverId)).resolves.toMatchObject([
      { state: 'failed', errorCode: 'CONFLICT', errorMessage: message },
    ]);
  });

  describe('that is not allowed is not even sent, and is on record', () => {
    it('by the server’s own settings', async () => {
      const { serverId } = await rig.join();
      await rig.servers.update(serverId, { profile: 'custom', scopes: ['docker:*'] }, system);
      await backOnAnotherLink(serverId, 1);
      await expect(run(serverId, Shell, {}, { scope: 'docker:containers:exec' })).rejects.toMatchObject({
        code: 'AGENT_REFUSED',
        details: { scope: 'docker:containers:exec' },
      });
      await expect(rows(serverId)).resolves.toMatchObject([{ state: 'refused', errorCode: 'AGENT_REFUSED' }]);
      await expect(audited(serverId)).resolves.toEqual([
        { ...byAda, outcome: 'refused', code: 'AGENT_REFUSED' },
      ]);
      expect(rig.traces.marks).not.toContain('shell');
    });

    it('by the configuration of its host', async () => {
      const { serverId } = await rig.join({ localScopes: ['docker:containers:read'] });
      await expect(run(serverId, Mark, { text: 'denied' })).rejects.toMatchObject({
        code: 'AGENT_REFUSED',
        message: expect.stringContaining('serverkit-agent config allow docker:containers:write'),
      });
      expect(rig.traces.marks).not.toContain('denied');
    });
  });

  it('whose scope the operation lacks is refused by the agent, here and there on record', async () => {
    const { serverId, auditFile } = await rig.join();
    await expect(run(serverId, Shell, {})).rejects.toMatchObject({
      code: 'AGENT_REFUSED',
      details: { agentCode: 'SCOPE_DENIED' },
    });
    const [row] = await rows(serverId);
    expect(row).toMatchObject({ state: 'refused' });
    expect(JSON.parse(readFileSync(auditFile, 'utf8'))).toMatchObject({
      operationId: row?.id,
      field: 'shell',
      outcome: 'refused',
      code: 'SCOPE_DENIED',
    });
  });

  it('to a server that is offline says so, with nothing sent', async () => {
    const { serverId } = await rig.invite('nobody-home');
    await expect(run(serverId, Mark, { text: 'x' })).rejects.toMatchObject({ code: 'AGENT_OFFLINE' });
    await expect(rows(serverId)).resolves.toMatchObject([{ state: 'not_sent' }]);
  });

  describe('when the link breaks', () => {
    it('after it was carried out and before the answer: it succeeded', async () => {
      const { serverId } = await rig.join();
      const { epoch } = rig.link(serverId);
      const answer = run(serverId, Hold, { text: 'carried out' });
      await rig.until('the side effect', () => rig.traces.marks.includes('carried out'));
      rig.wires.at(-1)?.resetAndDestroy();
      rig.traces.release?.();
      await expect(answer).resolves.toBeNull();
      await backOnAnotherLink(serverId, epoch);
      await expect(rows(serverId)).resolves.toMatchObject([{ state: 'succeeded', errorCode: null }]);
      await expect(audited(serverId)).resolves.toEqual([{ ...byAda, outcome: 'ok', code: null }]);
      expect(rig.traces.marks.filter((text) => text === 'carried out')).toHaveLength(1);
    });

    it('while it is under way: whoever asked hears the end of it on the next link', async () => {
      const { serverId } = await rig.join();
      const { epoch } = rig.link(serverId);
      const answer = run(serverId, Hold, { text: 'under way' });
      await rig.until('the side effect', () => rig.traces.marks.includes('under way'));
      rig.wires.at(-1)?.resetAndDestroy();
      await backOnAnotherLink(serverId, epoch);
      rig.traces.release?.();
      await expect(answer).resolves.toBeNull();
      await expect(rows(serverId)).resolves.toMatchObject([{ state: 'succeeded' }]);
    });

    it('while it takes longer than anyone waits: unknown for now, and settled when it ends', async () => {
      const { serverId } = await rig.join();
      const answer = run(serverId, Hold, { text: 'slow' });
      await rig.until('the side effect', () => rig.traces.marks.includes('slow'));
      rig.wires.at(-1)?.resetAndDestroy();
      await expect(answer).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      await expect(rows(serverId)).resolves.toMatchObject([{ state: 'unknown' }]);
      rig.traces.release?.();
      await rowBecomes(serverId, 'succeeded');
      await expect(audited(serverId)).resolves.toEqual([
        { ...byAda, outcome: 'failed', code: 'OUTCOME_UNKNOWN' },
        { ...byReconciliation, targetName: 'web', outcome: 'ok', code: null },
      ]);
    });

    it('on the way there: nothing was done, and that is what is said', async () => {
      await using network = await openNetwork(rig.url);
      const { serverId } = await rig.join({ via: network.url });
      const link = rig.link(serverId);
      network.drop();
      const answer = run(serverId, Mark, { text: 'swallowed' });
      await rig.until('it was sent', () => (rig.wires.at(-1)?.bytesWritten ?? 0) > 0);
      await link
        .run(Mark, { text: 'swallowed' }, { actor: 'x', scopes: [write], timeoutMs: 50 })
        .catch(() => undefined);
      network.cut();
      network.restore();
      await expect(answer).rejects.toMatchObject({
        code: 'AGENT_OFFLINE',
        message: expect.stringContaining('nothing was done'),
      });
      await expect(rows(serverId)).resolves.toMatchObject([
        { state: 'not_sent', errorCode: 'AGENT_OFFLINE' },
      ]);
      expect(rig.traces.marks).not.toContain('swallowed');
    });

    it('before its side effect: the agent lets it be', async () => {
      const { serverId } = await rig.join();
      const answer = run(serverId, HangBefore, {});
      await rig.until('it waits', () => rig.traces.waiting.size === 1);
      rig.wires.at(-1)?.resetAndDestroy();
      await expect(answer).rejects.toMatchObject({
        code: 'AGENT_OFFLINE',
        message: expect.stringContaining('nothing was done'),
      });
    });

    it('and comes back only to break again: the command is not taken for unsent', async () => {
      const { serverId } = await rig.join();
      const { epoch } = rig.link(serverId);
      const answer = run(serverId, Hold, { text: 'twice broken' });
      await rig.until('the side effect', () => rig.traces.marks.includes('twice broken'));
      rig.wires.at(-1)?.resetAndDestroy();
      await backOnAnotherLink(serverId, epoch);
      rig.wires.at(-1)?.resetAndDestroy();
      rig.traces.release?.();
      await expect(answer).resolves.toBeNull();
      await expect(rows(serverId)).resolves.toMatchObject([{ state: 'succeeded' }]);
    });

    it('under several commands: each hears of its own end', async () => {
      const { serverId } = await rig.join();
      const first = run(serverId, HangBefore, {});
      await rig.until('the first', () => rig.traces.waiting.size === 1);
      const second = run(serverId, Hold, { text: 'second' });
      await rig.until('the second', () => rig.traces.marks.includes('second'));
      rig.wires.at(-1)?.resetAndDestroy();
      rig.traces.release?.();
      await expect(first).rejects.toMatchObject({ code: 'AGENT_OFFLINE' });
      await expect(second).resolves.toBeNull();
    });
  });

  it('that two processes hear the end of is on record once', async () => {
    const { serverId } = await rig.join();
    const { db, audit, agents } = rig;
    const link = rig.link(serverId);
    const answer = run(serverId, Hold, { text: 'for two' });
    await rig.until('the side effect', () => rig.traces.marks.includes('for two'));
    const asked = Promise.withResolvers<void>();
    const slow: AgentLink = {
      ...link,
      async run(...args) {
        asked.resolve();
        await answer;
        return link.run(...args);
      },
    };
    const another = createCommands({ db, audit, agents: agents.links, log: quiet });
    const settled = another.reconcile(slow);
    await asked.promise;
    rig.traces.release?.();
    await settled;
    await expect(rows(serverId)).resolves.toMatchObject([{ state: 'succeeded' }]);
    await expect(audited(serverId)).resolves.toEqual([{ ...byAda, outcome: 'ok', code: null }]);
  });

  it('in the middle of which the agent’s process ends will never be known, and is said so once', async () => {
    const { serverId, identity, link } = await rig.join();
    const answer = run(serverId, Hold, { text: 'interrupted' });
    await rig.until('the side effect', () => rig.traces.marks.includes('interrupted'));
    // Its process is gone as far as journal and link can tell; another one takes up both.
    link.stop();
    await link.ended;
    const again = await rig.start(identity);
    await expect(answer).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await expect(rows(serverId)).resolves.toMatchObject([
      { state: 'interrupted', errorCode: 'OUTCOME_UNKNOWN' },
    ]);
    const { epoch } = rig.link(serverId);
    rig.wires.at(-1)?.resetAndDestroy();
    await backOnAnotherLink(serverId, epoch);
    await rig.agents.commands.reconcile(rig.link(serverId));
    await expect(audited(serverId)).resolves.toEqual([
      { ...byAda, outcome: 'failed', code: 'OUTCOME_UNKNOWN' },
    ]);
    again.link.stop();
    rig.traces.release?.();
  });

  describe('whose caller does not wait', () => {
    it('for a change that was made: it is on record as made', async () => {
      const { serverId } = await rig.join();
      const leaving = new AbortController();
      const answer = run(serverId, Hold, { text: 'left' }, { signal: leaving.signal });
      await rig.until('the side effect', () => rig.traces.marks.includes('left'));
      leaving.abort();
      rig.traces.release?.();
      await expect(answer).resolves.toBeNull();
      await expect(rows(serverId)).resolves.toMatchObject([{ state: 'succeeded' }]);
      await expect(audited(serverId)).resolves.toEqual([{ ...byAda, outcome: 'ok', code: null }]);
    });

    it('for one that was not begun: it is on record as cancelled', async () => {
      const { serverId } = await rig.join();
      const leaving = new AbortController();
      const answer = run(serverId, HangBefore, {}, { signal: leaving.signal });
      await rig.until('it waits', () => rig.traces.waiting.size === 1);
      leaving.abort();
      await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' });
      await expect(rows(serverId)).resolves.toMatchObject([{ state: 'failed', errorCode: 'CANCELLED' }]);
    });

    it('as long as it takes: a change that was made has succeeded all the same', async () => {
      const { serverId } = await rig.join();
      const answer = run(serverId, Hold, { text: 'late' }, { timeoutMs: 1_000 });
      await rig.until('the side effect', () => rig.traces.marks.includes('late'));
      setTimeout(() => rig.traces.release?.(), 1_300);
      await expect(answer).resolves.toBeNull();
      await expect(rows(serverId)).resolves.toMatchObject([{ state: 'succeeded' }]);
    });

    it('as long as it takes: one that was not begun timed out', async () => {
      const { serverId } = await rig.join();
      await expect(run(serverId, HangBefore, {}, { timeoutMs: 100 })).rejects.toMatchObject({
        code: 'AGENT_TIMEOUT',
        message: expect.stringContaining('nothing was done'),
      });
    });
  });

  it('whose end the database did not keep is had again from the agent, though the link holds, in the name of who asked', async () => {
    const { serverId } = await rig.join();
    const { epoch } = rig.link(serverId);
    const { pool } = rig.db;
    await pool.query(
      `ALTER TABLE "AuditEvent" ADD CONSTRAINT "full" CHECK ("serverId" <> '${serverId}') NOT VALID`,
    );
    try {
      await expect(run(serverId, Mark, { text: 'not kept' })).resolves.toEqual({ mark: true });
      await expect(rows(serverId)).resolves.toMatchObject([{ state: 'sent' }]);
    } finally {
      await pool.query('ALTER TABLE "AuditEvent" DROP CONSTRAINT "full"');
    }
    await rowBecomes(serverId, 'succeeded');
    await expect(audited(serverId)).resolves.toEqual([{ ...byAda, outcome: 'ok', code: null }]);
    expect(rig.link(serverId).epoch).toBe(epoch);
    expect(rig.traces.marks.filter((text) => text === 'not kept')).toHaveLength(1);
  });

  it('that a control plane left open when it died is settled by the next one', async () => {
    const { serverId } = await rig.join();
    const { epoch } = rig.link(serverId);
    const call = { actor: 'usr_ada', scopes: [write] as const };
    const open = (id: string, createdAt = new Date()) =>
      rig.db.prisma.command.create({
        data: {
          id,
          serverId,
          operation: 'test.change',
          parameters: { force: true },
          state: 'sent',
          createdAt,
        },
      });
    // On record only now: this control plane, too, looks for what is open.
    await rig.link(serverId).run(Mark, { text: 'before the crash' }, { ...call, id: 'cmd_done' });
    await open('cmd_done');
    await open('cmd_never_arrived');
    await open('cmd_long_ago', new Date(Date.now() - 25 * 60 * 60 * 1000));
    await rig.crash();
    await backOnAnotherLink(serverId, epoch);
    await eventually(async () => (await audited(serverId)).length === 2, 'both to be settled');
    const states = Object.fromEntries((await rows(serverId)).map(({ id, state }) => [id, state]));
    expect(states).toEqual({ cmd_done: 'succeeded', cmd_never_arrived: 'not_sent', cmd_long_ago: 'sent' });
    await expect(audited(serverId)).resolves.toEqual(
      expect.arrayContaining([
        { ...byReconciliation, outcome: 'ok', code: null },
        { ...byReconciliation, outcome: 'failed', code: 'AGENT_OFFLINE' },
      ]),
    );
  });
});
