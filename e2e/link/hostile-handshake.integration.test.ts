import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateSigningKey, toBase64Url } from '@serverkit/wire/bytes.ts';
import { signLinkAck, subprotocol, upgradeHeaders } from '@serverkit/wire/handshake.ts';
import type { LinkIdentity } from '../../agent/src/link/link.ts';
import { eventually, within } from '../../testing/events.ts';
import { dialRaw, helloWith, knock, type RawOptions } from './raw-agent.ts';
import { enrol, openRig, type Rig } from './rig.ts';

const huge = 'x'.repeat(100_000);

describe('an agent that misbehaves before it has proven itself', () => {
  let rig: Rig;
  let serverId: string;
  let identity: LinkIdentity;
  beforeAll(async () => {
    rig = await openRig({ pace: { ackTimeoutMs: 2_000 } });
    const invited = await rig.invite();
    ({ serverId } = invited);
    identity = await enrol(rig.url, invited.token);
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  let callers = 0;
  /** From an address of its own each time: whoever fails too often at one is no longer heard there. */
  const dial = (options: RawOptions = {}) =>
    dialRaw(rig.url, identity, { address: `10.0.0.${(callers += 1)}`, ...options });

  const connectionOf = async () => (await rig.servers.get(serverId)).connection;

  /** Whatever came before: an honest agent gets its link. */
  async function anHonestAgentStillLinks(): Promise<void> {
    using honest = await dial();
    honest.acknowledge();
    await rig.until('the link', () => rig.agents.links.get(serverId) !== undefined);
    honest.socket.close(1001);
    await honest.ended();
    await eventually(async () => (await connectionOf()) === 'offline', 'the end of the honest link');
  }

  const frames: readonly (readonly [what: string, frame: string | Buffer, code: number])[] = [
    ['garbage', '{"type":', 4400],
    ['nothing', '', 4400],
    ['a binary frame', Buffer.from('{"type":"connection_ack"}'), 4400],
    ['a number', '5', 4400],
    ['null', 'null', 4400],
    ['a list', '[]', 4400],
    ['an object without a type', '{}', 4400],
    ['a type that is no text', '{"type":{"type":"connection_ack"}}', 4400],
    ['a type nobody knows', '{"type":"constructor"}', 4004],
    ['a subscription of its own', '{"type":"subscribe","id":"1","payload":{"query":"{ping}"}}', 4004],
    ['a challenge of its own', '{"type":"connection_init","payload":{}}', 4004],
    ['an acknowledgement that is a list', '{"type":"connection_ack","payload":[]}', 4004],
    ['an acknowledgement without content', '{"type":"connection_ack"}', 4401],
    [
      'an acknowledgement of nonsense',
      '{"type":"connection_ack","payload":{"payload":7,"signature":[]}}',
      4401,
    ],
    ['a frame over 4 MB', `{"type":"connection_ack","payload":"${'x'.repeat(4 * 1024 * 1024)}"}`, 1009],
    ['brackets a million deep', '['.repeat(1_000_000), 4400],
  ];

  it.each(frames)('%s closes the link', async (_what, frame, code) => {
    using agent = await dial();
    agent.sendRaw(frame);
    await expect(agent.ended()).resolves.toMatchObject({ code });
    expect(rig.agents.links.get(serverId)).toBeUndefined();
    await anHonestAgentStillLinks();
  });

  it('text that is not UTF-8 closes the link', async () => {
    using agent = await dial();
    agent.socket.send(Buffer.from([0xff, 0xfe, 0x80]), { binary: false });
    await expect(agent.ended()).resolves.toMatchObject({ code: 1007 });
    await anHonestAgentStillLinks();
  });

  it('results before the handshake are nobody’s, and silence about the challenge ends it', async () => {
    using agent = await dial();
    agent.send({ type: 'next', id: '1', payload: { data: { ping: 1 } } });
    agent.send({ type: 'error', id: '1', payload: [{ message: 'x' }] });
    agent.send({ type: 'complete', id: '1' });
    agent.send({ type: 'pong' });
    await expect(agent.ended()).resolves.toMatchObject({ code: 4504 });
    expect(rig.agents.links.get(serverId)).toBeUndefined();
  });

  it('an acknowledgement signed with another key proves nothing', async () => {
    using agent = await dial();
    agent.send({
      type: 'connection_ack',
      payload: signLinkAck(generateSigningKey(), agent.facts, helloWith()),
    });
    await expect(agent.ended()).resolves.toMatchObject({ code: 4401 });
  });

  it('an acknowledgement changed on the way proves nothing', async () => {
    using agent = await dial();
    const ack = signLinkAck(
      identity.key,
      agent.facts,
      helloWith({ localScopes: ['docker:containers:read'] }),
    );
    const changed = ack.payload.replace('docker:containers:read', '*');
    expect(changed).not.toBe(ack.payload);
    agent.send({ type: 'connection_ack', payload: { ...ack, payload: changed } });
    await expect(agent.ended()).resolves.toMatchObject({ code: 4401 });
  });

  it('an acknowledgement recorded from another handshake proves nothing', async () => {
    using first = await dial();
    const recorded = signLinkAck(identity.key, first.facts, helloWith());
    using second = await dial();
    second.send({ type: 'connection_ack', payload: recorded });
    await expect(second.ended()).resolves.toMatchObject({ code: 4401 });
    // Where it belongs, it is good.
    first.send({ type: 'connection_ack', payload: recorded });
    await rig.until('the first link', () => rig.agents.links.get(serverId) !== undefined);
    first.socket.close(1001);
    await eventually(async () => (await connectionOf()) === 'offline', 'the end of the link');
  });

  it('a whole handshake recorded and played again opens nothing', async () => {
    using first = await dial();
    const ack = signLinkAck(identity.key, first.facts, helloWith());
    // The upgrade's own signature may be shown again: it is a filter, not the lock.
    using replayed = await dial({ headers: first.shown });
    replayed.send({ type: 'connection_ack', payload: ack });
    await expect(replayed.ended()).resolves.toMatchObject({ code: 4401 });
  });

  const hellos: readonly (readonly [what: string, hello: Record<string, unknown>, code: number])[] = [
    ['another version of the message', { v: 2 }, 4401],
    ['no scopes', { localScopes: null }, 4401],
    ['scopes that are no texts', { localScopes: [1] }, 4401],
    ['a thousand scopes', { localScopes: Array.from({ length: 1_000 }, () => '*') }, 4401],
    ['a mode nobody knows', { scopeMode: 'root' }, 4401],
    ['a huge version', { version: huge }, 4401],
    ['a huge machine id', { machineId: huge }, 4401],
    ['a time that is no number', { wallMs: 'now' }, 4401],
    ['a time before time', { wallMs: -1 }, 4401],
    ['capabilities without end', { capabilities: Array.from({ length: 101 }, () => 'x') }, 4401],
    ['a contract of the future', { contract: '2.0' }, 4400],
    ['a contract of the past', { contract: '0.9' }, 4400],
    ['a contract that is a path', { contract: '../schema' }, 4400],
    ['a contract written another way', { contract: '01.0' }, 4400],
    ['a contract with a reason-bursting name', { contract: '€'.repeat(20) }, 4400],
  ];

  it.each(hellos)('%s in its hello is refused, although well signed', async (_what, hello, code) => {
    using agent = await dial();
    agent.acknowledge(hello);
    await expect(agent.ended()).resolves.toMatchObject({ code });
    expect(rig.agents.links.get(serverId)).toBeUndefined();
  });

  it('keeps of its facts and words only what can be shown and stored', async () => {
    using agent = await dial();
    agent.acknowledge({
      version: '1.0\u0000\u001b[2J',
      localScopes: ['docker:*', 'made:up', '*:*'],
      machineId: 'm\u202e1',
      facts: { hostname: 'web\u0000', docker: 'none' },
    });
    await rig.until('the link', () => rig.agents.links.get(serverId) !== undefined);
    const server = await rig.servers.get(serverId);
    expect(server).toMatchObject({
      connection: 'online',
      agentVersion: '1.0 [2J',
      localScopes: ['docker:*'],
    });
    expect(server.facts).toBeNull();
    agent.socket.close(1001);
    await eventually(async () => (await connectionOf()) === 'offline', 'the end of the link');
  });

  it('is refused with a status before it costs anything: no headers, endless ones, another protocol', async () => {
    await expect(knock(rig.url, identity, { headers: { [upgradeHeaders.nonce]: '' } })).resolves.toBe(400);
    await expect(
      knock(rig.url, identity, { headers: { [upgradeHeaders.time]: huge.slice(0, 300) } }),
    ).resolves.toBe(400);
    await expect(knock(rig.url, identity, { protocol: 'serverkit-agent.v9' })).resolves.toBe(400);
    await expect(
      knock(rig.url, identity, { address: '10.1.0.1', headers: { [upgradeHeaders.time]: '1' } }),
    ).resolves.toBe(401);
  });

  it('can cut the wire at any byte of the upgrade', async () => {
    const { hostname, port } = new URL(rig.url);
    const request = [
      'GET /agent/ws HTTP/1.1',
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${toBase64Url(Buffer.alloc(16))}==`,
      `Sec-WebSocket-Protocol: ${subprotocol}`,
      `${upgradeHeaders.agentId}: ${identity.agentId}`,
      `${upgradeHeaders.time}: 1`,
      `${upgradeHeaders.nonce}: 1`,
      `${upgradeHeaders.signature}: 1`,
      '',
      '',
    ].join('\r\n');
    for (const length of [1, 40, request.length - 1, request.length]) {
      const wire = connect(Number(port), hostname);
      const ended = new Promise<void>((resolve) => wire.once('close', () => resolve()));
      wire.write(request.slice(0, length), () => wire.resetAndDestroy());
      await within(ended, 'the cut');
    }
    await expect(anHonestAgentStillLinks()).resolves.toBeUndefined();
  });

  it('is on record, but as a stranger: its failed proofs are counted', async () => {
    await rig.audit.flush();
    const refused = await rig.db.prisma.auditEvent.findMany({
      where: { action: 'agent.connect', outcome: 'refused', serverId },
    });
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused.map((event) => `${event.actorKind} ${event.code}`))).toEqual(
      new Set(['anonymous UNAUTHENTICATED']),
    );
    expect(refused.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(10);
  });
});
