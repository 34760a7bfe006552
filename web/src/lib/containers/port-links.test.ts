import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { portLinks } from './port-links.ts';

const away = { isLocal: false, facts: { addresses: ['127.0.0.1', '192.0.2.7'] } };
const port = (publicPort: number | null, privatePort: number, address = '0.0.0.0', protocol = 'tcp') => ({
  publicPort,
  privatePort,
  address,
  protocol,
});

beforeEach(() => vi.stubGlobal('location', { hostname: 'panel.example.com' }));
afterEach(() => vi.unstubAllGlobals());

test.each([
  ['by the address of its server', port(8080, 80), away, 'http://192.0.2.7:8080'],
  ['of this machine, where the dashboard is', port(80, 80), { isLocal: true }, 'http://panel.example.com:80'],
  ['encrypted, by its number in the container', port(9443, 443), away, 'https://192.0.2.7:9443'],
  ['by the one address it is published on', port(80, 80, '198.51.100.1'), away, 'http://198.51.100.1:80'],
  ['by an address of IPv6', port(80, 80, '2001:db8::1'), away, 'http://[2001:db8::1]:80'],
  ['not at all when only its server reaches it', port(80, 80, '127.0.0.1'), away, null],
  ['not at all when no browser speaks it', port(53, 53, '0.0.0.0', 'udp'), away, null],
  ['not at all when nothing is known of its server', port(80, 80), undefined, null],
])('a published port is opened %s', (_what, one, host, href) => {
  expect(portLinks([one], host).map((link) => link.href)).toEqual([href]);
});

test('what is published for IPv4 and IPv6 alike is one link, and what is not published none', () => {
  expect(portLinks([port(80, 80), port(80, 80, '::'), port(null, 81)], away)).toEqual([
    { text: '80', href: 'http://192.0.2.7:80' },
  ]);
});
