import { expect, test } from 'vitest';
import { networkProblem } from './privilege.ts';

const problem = (driver: string, ...keys: readonly string[]): string | undefined =>
  networkProblem({ driver, options: keys.map((key) => ({ key, value: 'x' })), subnets: [] });

test('a bridge of its own takes no privilege, nor its MTU', () => {
  expect(problem('bridge')).toBeUndefined();
  expect(
    problem('bridge', 'com.docker.network.driver.mtu', 'com.docker.network.bridge.enable_icc'),
  ).toBeUndefined();
});

test.each(['macvlan', 'ipvlan', 'host', 'overlay', 'null', 'some/plugin', ''])(
  'the driver %j takes it',
  (driver) => {
    expect(problem(driver)).toBeDefined();
  },
);

test.each([
  'com.docker.network.bridge.name',
  'com.docker.network.bridge.host_binding_ipv4',
  'com.docker.network.bridge.enable_ip_masquerade',
  'com.docker.network.bridge.inhibit_ipv4',
  'parent',
  'unheard.of',
])('a bridge with %s takes it', (key) => {
  expect(problem('bridge', key)).toContain(key);
});

test('addresses of its own choice take it: the host may reach somebody else by them', () => {
  const subnets = [{ subnet: '10.0.0.0/24', gateway: '', ipRange: '' }];
  expect(networkProblem({ driver: 'bridge', options: [], subnets })).toContain('addresses');
});
