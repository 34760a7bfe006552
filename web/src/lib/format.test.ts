import { describe, expect, test } from 'vitest';
import { createFormats } from './format.ts';

const en = createFormats('en');
const fr = createFormats('fr');

/** Intl uses several kinds of unbreakable space; which one is its affair. */
const spaces = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, ' ');

describe('bytes', () => {
  test.each([
    [0, '0 B', '0 o'],
    [1023, '1,023 B', '1 023 o'],
    [1024, '1.0 KiB', '1,0 Kio'],
    [1536, '1.5 KiB', '1,5 Kio'],
    [102_400, '100 KiB', '100 Kio'],
    [1024 ** 2 - 1, '1.0 MiB', '1,0 Mio'],
    [16 * 1024 ** 3, '16.0 GiB', '16,0 Gio'],
    [3 * 1024 ** 6, '3,072 PiB', '3 072 Pio'],
    [-2048, '-2.0 KiB', '-2,0 Kio'],
  ])('%d', (value, english, french) => {
    expect(spaces(en.bytes(value))).toBe(english);
    expect(spaces(fr.bytes(value))).toBe(french);
  });

  test('per second', () => {
    expect(spaces(en.rate(2048))).toBe('2.0 KiB/s');
  });
});

describe('percent', () => {
  test.each([
    [0, '0%', '0 %'],
    [0.04, '0.0%', '0,0 %'],
    [4.25, '4.3%', '4,3 %'],
    [9.94, '9.9%', '9,9 %'],
    [9.96, '10%', '10 %'],
    [37.4, '37%', '37 %'],
    [250, '250%', '250 %'],
  ])('%d', (value, english, french) => {
    expect(spaces(en.percent(value))).toBe(english);
    expect(spaces(fr.percent(value))).toBe(french);
  });
});

describe('duration shows the two largest units', () => {
  test.each([
    [-5, '0 s', '0 s'],
    [59.9, '59 s', '59 s'],
    [60, '1 min 0 s', '1 min 0 s'],
    [3_600, '1 h 0 min', '1 h 0 min'],
    [86_400 * 45 + 3_600 * 3, '45 d 3 h', '45 j 3 h'],
  ])('%d', (seconds, english, french) => {
    expect(spaces(en.duration(seconds))).toBe(english);
    expect(spaces(fr.duration(seconds))).toBe(french);
  });
});

describe('relative', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');

  test.each([
    ['2026-11-22T12:00:00Z', 'now', 'maintenant'],
    ['2026-11-22T11:59:18Z', '42 seconds ago', 'il y a 42 secondes'],
    ['2026-11-22T11:30:30Z', '29 minutes ago', 'il y a 29 minutes'],
    ['2026-11-22T14:00:00Z', 'in 2 hours', 'dans 2 heures'],
    ['2026-11-21T11:00:00Z', 'yesterday', 'hier'],
  ])('%s', (at, english, french) => {
    expect(en.relative(at, now)).toBe(english);
    expect(spaces(fr.relative(at, now))).toBe(french);
  });
});

test('what was a while ago, where there is little room', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  expect(en.relativeShort('2026-11-22T11:59:18Z', now)).toBe('42 sec. ago');
  expect(spaces(fr.relativeShort('2026-11-22T11:59:18Z', now))).toBe('il y a 42 s');
});

test('one clock of 24 hours, also where people say p.m.', () => {
  const american = createFormats('en-US');
  expect(american.time(new Date(2026, 10, 22, 0, 5, 9))).toBe('00:05:09');
  expect(american.dateTime(new Date(2020, 10, 22, 21, 5, 9))).toMatch(/21:05:09$/);
});
