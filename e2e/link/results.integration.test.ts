import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gql, openRig, type Rig } from './rig.ts';

const actor = 'test';
const Big = gql<{ big: string }, { characters: number }>(
  'query Big($characters: Int!) { big(characters: $characters) }',
);
const Ping = gql<{ ping: number }>('query Ping { ping }');
const Crash = gql<{ crash: string }>('query Crash { crash }');
const Unscoped = gql<{ unscoped: boolean }>('query Unscoped { unscoped }');
const Count = gql<{ count: number }, { to: number }>('subscription Count($to: Int!) { count(to: $to) }');
const Bulk = gql<{ bulk: string }, { pieces: number; windowBytes: number }>(
  'subscription Bulk($pieces: Int!, $windowBytes: Int!) { bulk(pieces: $pieces, windowBytes: $windowBytes) }',
);

describe('what comes back over a link', () => {
  let rig: Rig;
  let serverId: string;
  beforeAll(async () => {
    rig = await openRig();
    ({ serverId } = await rig.join());
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  it('answers RESULT_TOO_LARGE instead of dropping the link', async () => {
    const link = rig.link(serverId);
    await expect(link.run(Big, { characters: 5_000_000 }, { actor, scopes: [] })).rejects.toMatchObject({
      code: 'RESULT_TOO_LARGE',
    });
    await expect(link.run(Ping, {}, { actor, scopes: [] })).resolves.toHaveProperty('ping');
    expect(rig.link(serverId)).toBe(link);
  });

  it('masks what an agent did not mean to tell', async () => {
    const failure = await rig
      .link(serverId)
      .run(Crash, {}, { actor, scopes: [] })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'AGENT_FAILED' });
    expect(String(failure)).not.toMatch(/hunter2|shadow/);
  });

  it('runs no field that names no scope', async () => {
    await expect(rig.link(serverId).run(Unscoped, {}, { actor, scopes: [] })).rejects.toMatchObject({
      code: 'AGENT_REFUSED',
    });
  });

  it('streams in order and says when it is complete', async () => {
    const seen: number[] = [];
    await new Promise<void>((resolve, reject) => {
      rig.link(serverId).subscribe(
        Count,
        { to: 500 },
        { actor, scopes: [] },
        {
          next: ({ count }) => seen.push(count),
          end: (error) => (error ? reject(error) : resolve()),
        },
      );
    });
    expect(seen).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });

  it('sends bulk only as far as its credit goes', async () => {
    rig.traces.marks.length = 0;
    const piece = 16 * 1024;
    let got = 0;
    let finished: (() => void) | undefined;
    const done = new Promise<void>((resolve) => (finished = resolve));
    const stream = rig.link(serverId).subscribe(
      Bulk,
      { pieces: 40, windowBytes: 4 * piece },
      { actor, scopes: [] },
      {
        next() {
          got += 1;
          rig.traces.changed();
        },
        end: () => finished?.(),
      },
    );
    await rig.until('the window is spent', () => got === 4);
    // A round trip behind it proves that no fifth piece is under way.
    await rig.link(serverId).run(Ping, {}, { actor, scopes: [] });
    expect(got).toBe(4);
    expect(rig.traces.marks).toHaveLength(4);
    stream.grant(piece);
    await rig.until('one more came', () => got === 5);
    for (let n = 0; n < 40; n += 1) stream.grant(4 * piece);
    await rig.until('grants beyond the window are no credit', () => got >= 9);
    const granting = setInterval(() => stream.grant(4 * piece), 1);
    await done;
    clearInterval(granting);
    expect(got).toBe(40);
  });
});
