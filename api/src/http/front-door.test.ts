import { describe, expect, it } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { createFrontDoor, type FrontDoor } from './front-door.ts';
import { ownAddresses } from './names.ts';
import pino from 'pino';
import { openTls } from './tls.ts';
import type { TrustProxy } from './trust-proxy.ts';

const none: TrustProxy = { kind: 'none' };
const proxied: TrustProxy = { kind: 'hops', count: 1 };

const frontDoor = async (settings: {
  host: string;
  publicUrl?: string;
  trustProxy?: TrustProxy;
  inContainer?: boolean;
}) => {
  await using dir = await tempDir();
  const env = {
    host: settings.host,
    publicUrl: settings.publicUrl,
    trustProxy: settings.trustProxy ?? none,
    inContainer: settings.inContainer ?? false,
    tls: undefined,
  };
  const tls = await openTls(env, dir.path, pino({ level: 'silent' }));
  return createFrontDoor(env, tls, '/run/agent.sock', () => 4000);
};

const obstacleOf = (door: FrontDoor): string => {
  const joinability = door.joinability();
  return joinability.possible ? 'nothing' : `${joinability.code}: ${joinability.reason}`;
};

describe('the front door', () => {
  it('is closed to other machines on loopback, and says how to open it', async () => {
    const door = await frontDoor({ host: '127.0.0.1' });
    expect(door.localUrl()).toBe('http://127.0.0.1:4000');
    expect(door.publicUrl()).toBe('http://127.0.0.1:4000');
    expect(door.authority()).toBeUndefined();
    expect(obstacleOf(door)).toMatch(/^LOOPBACK_ONLY: .*HOST=0\.0\.0\.0/);
  });

  it('is open under an address of ours when it listens on all of them', async () => {
    const door = await frontDoor({ host: '0.0.0.0' });
    expect(door.localUrl()).toBe('https://localhost:4000');
    expect(door.joinability()).toEqual({ possible: true, url: door.publicUrl() });
    const host = new URL(door.publicUrl()).hostname;
    expect(ownAddresses()).toContain(host.replace(/^\[|\]$/g, ''));
    expect(door.authority()?.certificatePem).toContain('BEGIN CERTIFICATE');
  });

  it('is open under PUBLIC_URL, whatever it listens on', async () => {
    const door = await frontDoor({ host: '127.0.0.1', publicUrl: 'https://kit.example' });
    expect(door.joinability()).toEqual({ possible: true, url: 'https://kit.example' });
  });

  it.each([
    [{ host: '0.0.0.0', publicUrl: 'https://localhost:4000' }, 'PUBLIC_URL_LOOPBACK: '],
    [{ host: '0.0.0.0', publicUrl: 'http://kit.example' }, 'TLS_REQUIRED: '],
    [{ host: '0.0.0.0', trustProxy: proxied }, 'PUBLIC_URL_REQUIRED: '],
    [{ host: '0.0.0.0', inContainer: true }, 'PUBLIC_URL_REQUIRED: '],
    [{ host: 'localhost' }, 'LOOPBACK_ONLY: '],
  ])('says what is in the way with %o', async (settings, words) => {
    const door = await frontDoor(settings);
    expect(obstacleOf(door)).toContain(words);
  });
});
