import { describe, expect, it } from 'vitest';
import { endpointOf } from './endpoint.ts';

const urlOf = (server: string, insecure = false) => endpointOf({ server, insecure }).url;

describe('the address of a control plane', () => {
  it.each([
    ['https://cp.example.com', 'wss://cp.example.com/agent/ws'],
    ['https://cp.example.com:8443/', 'wss://cp.example.com:8443/agent/ws'],
    ['https://cp.example.com/serverkit/', 'wss://cp.example.com/serverkit/agent/ws'],
    ['wss://cp.example.com/agent/ws', 'wss://cp.example.com/agent/ws'],
    ['http://127.0.0.1:4000', 'ws://127.0.0.1:4000/agent/ws'],
    ['http://localhost:4000', 'ws://localhost:4000/agent/ws'],
    ['http://[::1]:4000', 'ws://[::1]:4000/agent/ws'],
    ['unix:/run/serverkit/agent.sock', 'ws+unix:/run/serverkit/agent.sock:/agent/ws'],
  ])('%s is dialed as %s', (server, url) => {
    expect(urlOf(server)).toBe(url);
  });

  it.each([
    'http://cp.example.com',
    'ws://10.0.0.1',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://127.0.0.1@example.com',
    'http://0.0.0.0',
    'http://[::ffff:10.0.0.1]',
  ])('%s is not talked to in plain text', (server) => {
    expect(() => urlOf(server)).toThrow('without encryption');
    expect(() => urlOf(server, true)).not.toThrow();
  });

  it.each(['ftp://cp.example.com', 'file:///etc/passwd', 'javascript:1', 'cp.example.com', ''])(
    '%j is no address',
    (server) => {
      expect(() => urlOf(server)).toThrow(/must begin with|Invalid URL/);
    },
  );

  it('is always checked against its certificate, an authority of one’s own or not', () => {
    for (const ca of [undefined, 'PEM']) {
      const { tls } = endpointOf({
        server: 'https://cp',
        insecure: true,
        ...(ca === undefined ? {} : { ca }),
      });
      expect(tls).toMatchObject({ rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(ca ? { ca } : {}) });
    }
  });
});
