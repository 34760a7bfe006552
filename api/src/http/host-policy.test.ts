import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { HostPolicy } from './host-policy.ts';

const policy = new HostPolicy({
  publicUrl: 'https://kit.example:8443',
  bindHost: '0.0.0.0',
  certificate: undefined,
  corsOrigins: new Set(['https://tool.example']),
});

describe('HostPolicy.allows', () => {
  it.each([
    'localhost',
    'localhost:4000',
    'dash.localhost:4000',
    '127.0.0.1:4000',
    '127.8.8.8',
    '[::1]:4000',
    'kit.example',
    'KIT.example.:8443',
    hostname(),
  ])('answers to %s', (host) => {
    expect(policy.allows(host, undefined)).toBe(true);
  });

  it('answers to the address a connection arrived at', () => {
    expect(policy.allows('198.51.100.7:4000', '::ffff:198.51.100.7')).toBe(true);
    expect(policy.allows('198.51.100.7:4000', '198.51.100.8')).toBe(false);
  });

  it.each([
    '',
    'evil.example',
    'localhost.evil.example',
    'kit.example.evil',
    'kit.example:x',
    'a b',
    '[::1',
    '0.0.0.0',
  ])('does not answer to %j', (host) => {
    expect(policy.allows(host, '198.51.100.7')).toBe(false);
  });
});

describe('HostPolicy.originOf', () => {
  const verdict = (origin: string | undefined, secure = false) =>
    policy.originOf({ host: '127.0.0.1:4000', secure, origin });

  it('takes a missing origin for a program', () => {
    expect(verdict(undefined)).toBe('absent');
  });

  it('knows our own pages', () => {
    expect(verdict('http://127.0.0.1:4000')).toBe('same');
    expect(verdict('https://127.0.0.1:4000', true)).toBe('same');
    expect(verdict('https://kit.example:8443')).toBe('same');
  });

  it.each([
    'null',
    'http://127.0.0.1:8080',
    'http://127.0.0.1',
    'https://127.0.0.1:4000',
    'http://localhost:4000',
    'http://evil.example',
    'https://kit.example',
    '',
  ])('calls %j foreign', (origin) => {
    expect(verdict(origin)).toBe('foreign');
  });

  it('knows the pages that are listed, and none that only resembles them', () => {
    expect(verdict('https://tool.example')).toBe('listed');
    for (const origin of [
      'http://tool.example',
      'https://tool.example:8443',
      'https://a.tool.example',
      'https://tool.example/',
    ]) {
      expect(verdict(origin)).toBe('foreign');
    }
  });

  it('calls every page foreign when there is no host to compare with', () => {
    expect(policy.originOf({ host: '', secure: false, origin: 'null' })).toBe('foreign');
  });
});
