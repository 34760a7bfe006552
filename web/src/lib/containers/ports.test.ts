import { expect, test } from 'vitest';
import { portText } from './ports.ts';

const port = (publicPort: number | null, privatePort: number, protocol = 'tcp', address = '0.0.0.0') => ({
  address,
  publicPort,
  privatePort,
  protocol,
});

test('published ports, once for both kinds of address', () => {
  expect(portText([port(8080, 80), port(8080, 80, 'tcp', '::'), port(443, 443)])).toBe('8080→80, 443');
});

test('what is only exposed is not reachable and not shown', () => {
  expect(portText([port(null, 5432)])).toBe('');
});

test('udp is named', () => {
  expect(portText([port(53, 53, 'udp')])).toBe('53/udp');
});
