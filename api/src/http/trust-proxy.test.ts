import { describe, expect, it } from 'vitest';
import { parseTrustProxy, resolveForwarded, type TrustProxy } from './trust-proxy.ts';

const trust = (value: string): TrustProxy => {
  const parsed = parseTrustProxy(value);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
};

const addressOf = (value: string, peer: string, header?: string): string =>
  resolveForwarded(trust(value), peer, { for: header, proto: undefined }).address;

describe('parseTrustProxy', () => {
  it.each(['10.0.0.0/33', '::/129', 'proxy.example', '10.0.0.0/8/8', 'loopback,', '17'])(
    'refuses %s',
    (value) => {
      expect(parseTrustProxy(value)).toBeTypeOf('string');
    },
  );
});

describe('resolveForwarded', () => {
  it('ignores the headers when nobody is trusted', () => {
    expect(resolveForwarded(trust('off'), '::ffff:10.0.0.1', { for: '1.2.3.4', proto: 'https' })).toEqual({
      address: '10.0.0.1',
      proto: undefined,
      throughProxy: true,
    });
  });

  it('takes what the one proxy appended, not what the client claimed before', () => {
    expect(addressOf('on', '10.0.0.1', '6.6.6.6, 1.2.3.4')).toBe('1.2.3.4');
    expect(addressOf('2', '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.2')).toBe('1.2.3.4');
  });

  it('walks a list of networks from the right and stops at the first stranger', () => {
    expect(addressOf('10.0.0.0/8', '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.2')).toBe('1.2.3.4');
    expect(addressOf('loopback', '127.0.0.1', '2001:db8::1')).toBe('2001:db8::1');
  });

  it('does not believe a stranger that goes around the proxy', () => {
    expect(resolveForwarded(trust('10.0.0.0/8'), '1.2.3.4', { for: '127.0.0.1', proto: 'https' })).toEqual({
      address: '1.2.3.4',
      proto: undefined,
      throughProxy: false,
    });
  });

  it('stops at a word that is no address', () => {
    expect(addressOf('3', '10.0.0.1', '1.2.3.4, unknown, 10.0.0.2')).toBe('10.0.0.2');
    expect(addressOf('on', '10.0.0.1', '<script>')).toBe('10.0.0.1');
    expect(addressOf('on', '10.0.0.1')).toBe('10.0.0.1');
  });

  it('understands ports and brackets', () => {
    expect(addressOf('on', '10.0.0.1', '1.2.3.4:5678')).toBe('1.2.3.4');
    expect(addressOf('on', '10.0.0.1', '[2001:db8::1]:5678')).toBe('2001:db8::1');
  });

  it('reads the scheme that the nearest proxy named', () => {
    const protoOf = (proto: string) =>
      resolveForwarded(trust('on'), '10.0.0.1', { for: undefined, proto }).proto;
    expect(protoOf('https')).toBe('https');
    expect(protoOf('https, http')).toBe('http');
    expect(protoOf('gopher')).toBeUndefined();
  });
});
