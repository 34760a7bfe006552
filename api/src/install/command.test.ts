import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { linuxCommand, manualCommand } from './command.ts';
import { frontDoorAt } from './fixtures.ts';
import { routeOf } from './route.ts';

const token = `sk_reg_${'a'.repeat(16)}_${'B'.repeat(43)}`;
const sha256 = '01'.repeat(32);

const own = routeOf({ tls: undefined }, frontDoorAt('https://10.0.0.1:4000', true));
const given = routeOf(
  { tls: { certFile: '/c', keyFile: '/k' } },
  frontDoorAt('https://sk.example.com', false),
);
const proxied = routeOf({ tls: undefined }, frontDoorAt('https://sk.example.com', false));
const everyRoute = {
  own,
  given,
  proxied,
  six: routeOf({ tls: undefined }, frontDoorAt('https://[fd00::1]:4000', true)),
};

describe('the command for Linux', () => {
  test.each(Object.entries(everyRoute))(
    'is one line that sh, dash and bash can read (%s)',
    (_name, route) => {
      const line = linuxCommand(route, sha256, token);
      expect(line).not.toContain('\n');
      for (const shell of ['sh', 'dash', 'bash']) {
        expect(spawnSync(shell, ['-n', '-c', line])).toMatchObject({
          status: 0,
          stderr: Buffer.alloc(0),
        });
      }
    },
  );

  test('gives the token to one process, as its environment and not as an argument', () => {
    const line = linuxCommand(own, sha256, token);
    expect(line.split(token)).toHaveLength(2);
    expect(line).toContain(`SERVERKIT_TOKEN=${token} sh "$f"`);
    expect(line).not.toContain('export');
  });

  test('runs what it downloaded only after its hash was found right', () => {
    const line = linuxCommand(own, sha256, token);
    expect(line.indexOf(sha256)).toBeGreaterThan(-1);
    expect(line.indexOf(sha256)).toBeLessThan(line.indexOf('SERVERKIT_TOKEN'));
  });

  test('downloads in the clear from our own port, since no machine trusts our authority yet', () => {
    expect(own.downloads).toBe('http://10.0.0.1:4000');
    expect(linuxCommand(own, sha256, token)).toContain('/dev/tcp/10.0.0.1/4000');
    expect(linuxCommand(everyRoute.six, sha256, token)).toContain('/dev/tcp/fd00::1/4000');
  });

  test('prefers TLS with a certificate that was given, and can do without', () => {
    const line = linuxCommand(given, sha256, token);
    expect(line).toContain('u=https://sk.example.com/install.sh');
    expect(line).toContain('/dev/tcp/sk.example.com/443');
  });

  test('fetches curl when only a proxy that speaks TLS stands in between', () => {
    const line = linuxCommand(proxied, sha256, token);
    expect(line).toContain('apt-get install -y curl ca-certificates');
    expect(line).not.toContain('/dev/tcp');
  });
});

test('the command for a machine with the agent pins our authority', () => {
  expect(manualCommand(own, 'ab'.repeat(32), token)).toBe(
    `SERVERKIT_TOKEN=${token} serverkit-agent register --server https://10.0.0.1:4000 --ca-sha256 ${'ab'.repeat(32)}`,
  );
  expect(manualCommand(proxied, undefined, token)).not.toContain('--ca');
});
