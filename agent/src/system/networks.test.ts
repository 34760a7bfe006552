import { expect, test } from 'vitest';
import { networkRates, ownInterfaces, parseNetDev, type NetworkTopology } from './networks.ts';

const netDev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    7382      87    0    0    0     0          0         0     7382      87    0    0    0     0       0          0
  eth0:1012038422   28084    0    0    0     0          0         0  2170190   18266    0    0    0     0       0          0
eth0:1: 10 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0
`;

test('reads bytes in and out, also where the number touches the colon', () => {
  expect([...parseNetDev(netDev)]).toEqual([
    ['lo', { received: 7382, sent: 7382 }],
    ['eth0', { received: 1_012_038_422, sent: 2_170_190 }],
    ['eth0:1', { received: 10, sent: 20 }],
  ]);
});

function topology(devices: string[], layered: string[], routes: string[]): NetworkTopology {
  return {
    hasDevice: (name) => devices.includes(name),
    isLayered: (name) => layered.includes(name),
    defaultRoutes: () => new Set(routes),
  };
}

test('on a host with Docker only the real card counts', () => {
  const names = ['lo', 'eth0', 'docker0', 'br-0123456789ab', 'veth12ab', 'wg0'];
  expect([
    ...ownInterfaces(names, topology(['eth0'], ['docker0', 'br-0123456789ab', 'wg0'], ['eth0'])),
  ]).toEqual(['eth0']);
});

test('a bridge or bond with the default route does not count its cards again', () => {
  const names = ['lo', 'eno1', 'eno2', 'bond0', 'bond0.12', 'vmbr0'];
  const own = ownInterfaces(names, topology(['eno1', 'eno2'], ['bond0', 'bond0.12', 'vmbr0'], ['vmbr0']));
  expect([...own]).toEqual(['eno1', 'eno2']);
});

test('a full tunnel counts as what it goes through', () => {
  expect([...ownInterfaces(['eth0', 'tun0'], topology(['eth0'], ['tun0'], ['tun0']))]).toEqual(['eth0']);
});

test('in a container or a network namespace the end of a pair is all there is', () => {
  expect([...ownInterfaces(['lo', 'eth0'], topology([], [], ['eth0']))]).toEqual(['eth0']);
});

test('rates of the own interfaces only', () => {
  const before = new Map([['eth0', { received: 0, sent: 0 }]]);
  const now = new Map([
    ['eth0', { received: 1000, sent: 10 }],
    ['docker0', { received: 9999, sent: 9999 }],
  ]);
  expect(networkRates(before, now, new Set(['eth0']), 10)).toEqual([
    { name: 'eth0', receivedBytesPerSecond: 100, sentBytesPerSecond: 1 },
  ]);
});
