import { describe, expect, it } from 'vitest';
import {
  fromBase64Url,
  generateSigningKey,
  keyIdOf,
  publicKeyFromRaw,
  seedOf,
  signBytes,
  signingKeyFromSeed,
  toBase64Url,
  transcript,
  verifyBytes,
} from './bytes.ts';

describe('a transcript', () => {
  it('puts each field behind its length', () => {
    expect(transcript('ab', ['c', new Uint8Array([1, 2])]).toString('hex')).toBe(
      ['00000002', '6162', '00000001', '63', '00000002', '0102'].join(''),
    );
  });

  it('is another one when a byte moves from one field to the next', () => {
    const [one, other] = [transcript('l', ['ab', 'c']), transcript('l', ['a', 'bc'])];
    expect(one.equals(other)).toBe(false);
    expect(transcript('l', ['', 'a']).equals(transcript('l', ['a', '']))).toBe(false);
    expect(transcript('l', ['a']).equals(transcript('l', ['a', '']))).toBe(false);
    expect(transcript('la', []).equals(transcript('l', ['a']))).toBe(false);
  });
});

describe('base64url', () => {
  it('comes back as it went', () => {
    for (const length of [0, 1, 2, 3, 31, 32, 64]) {
      const bytes = Buffer.alloc(length, 0xfb);
      expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
    }
  });

  it.each([
    ['padding', 'AA=='],
    ['the other alphabet', '+/+/'],
    ['a space', 'AA AA'],
    ['a line end', 'AAAA\n'],
    ['bits that mean nothing', 'AB'],
    ['one character too few', 'AAAAA'],
    ['no text', 7],
    ['a list of text', ['AAAA']],
  ])('refuses %s: one text for the same bytes, not many', (_what, text) => {
    expect(fromBase64Url(text)).toBeNull();
  });

  it('can insist on a length', () => {
    expect(fromBase64Url('AAAA', 3)).toHaveLength(3);
    expect(fromBase64Url('AAAA', 4)).toBeNull();
  });
});

describe('a signing key', () => {
  it('survives being kept as its seed', () => {
    const key = generateSigningKey();
    const kept = signingKeyFromSeed(seedOf(key));
    expect(kept.publicRaw).toEqual(key.publicRaw);
    expect(kept.id).toBe(keyIdOf(key.publicRaw));
  });

  it('signs so that only the same bytes and key verify', () => {
    const [key, other] = [generateSigningKey(), generateSigningKey()];
    const data = Buffer.from('data');
    const signature = signBytes(key, data);
    expect(verifyBytes(publicKeyFromRaw(key.publicRaw), data, signature)).toBe(true);
    expect(verifyBytes(publicKeyFromRaw(other.publicRaw), data, signature)).toBe(false);
    expect(verifyBytes(publicKeyFromRaw(key.publicRaw), Buffer.from('date'), signature)).toBe(false);
  });

  it('never throws over a signature or a key that is none', () => {
    const key = publicKeyFromRaw(generateSigningKey().publicRaw);
    for (const length of [0, 1, 63, 65, 1_000]) {
      expect(verifyBytes(key, Buffer.alloc(1), Buffer.alloc(length))).toBe(false);
    }
    for (const fill of [0x00, 0x01, 0x7f, 0xff]) {
      const odd = publicKeyFromRaw(Buffer.alloc(32, fill));
      expect(verifyBytes(odd, Buffer.from('x'), Buffer.alloc(64, 0xff))).toBe(false);
    }
  });
});
