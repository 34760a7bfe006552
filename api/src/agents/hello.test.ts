import { describe, expect, it } from 'vitest';
import { parseFacts, parseHello } from './hello.ts';

const hello = {
  v: 1,
  version: '1.2.3',
  contract: '1.0',
  facts: {},
  capabilities: [],
  localScopes: ['docker:*', 'made:up', '*'],
  scopeMode: 'local',
  machineId: 'm',
  wallMs: 1,
};
const facts = {
  hostname: 'web-1',
  machineId: 'm',
  osName: 'Debian',
  osVersion: '12',
  kernel: '6.1',
  arch: 'x64',
  cpuModel: 'cpu',
  cpuCount: 2,
  memoryBytes: 1,
  diskBytes: 1,
  agentVersion: '1',
  contract: '1.0',
  nodeVersion: '24',
  addresses: ['10.0.0.1'],
  timezone: 'UTC',
  virtualization: null,
  bootedAt: 1,
  docker: { available: false },
  runsAs: 'serverkit-agent',
  supervisor: 'systemd',
};

describe('what an agent says of itself', () => {
  it('keeps the scopes that exist and forgets the rest', () => {
    expect(parseHello(hello)?.localScopes).toEqual(['docker:*', '*']);
  });

  it.each([
    null,
    [],
    {},
    { ...hello, v: 2 },
    { ...hello, version: 'x'.repeat(51) },
    { ...hello, capabilities: ['x'.repeat(101)] },
    { ...hello, scopeMode: 'all' },
    { ...hello, wallMs: Number.NaN },
    { ...hello, wallMs: 1.5 },
    { ...hello, localScopes: 'docker:*' },
  ])('is nothing when it is not of the agreed form (%#)', (value) => {
    expect(parseHello(value)).toBeNull();
  });

  it('is cleared of what cannot be shown or stored', () => {
    const { hostname } = parseFacts({ ...facts, hostname: 'a\u0000b\u001b[31m\u202ec\ud800' }) ?? {};
    expect(hostname).toBe('a b [31m c');
  });

  it('has no facts unless all of them make sense, and no others', () => {
    expect(parseFacts({ ...facts, secret: 'x' })).toEqual(facts);
    for (const [name, value] of Object.entries({
      cpuCount: -1,
      memoryBytes: 2 ** 60,
      addresses: Array.from({ length: 101 }, () => ''),
      docker: null,
      hostname: 'x'.repeat(256),
    })) {
      expect(parseFacts({ ...facts, [name]: value })).toBeNull();
    }
  });
});
