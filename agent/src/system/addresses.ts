import { networkInterfaces } from 'node:os';

/** Names that Docker, other container engines and hypervisors give to their own bridges and pairs. */
const foreign = /^(docker|br-[0-9a-f]{12}|veth|virbr|vnet|cni|flannel|cali|podman|lxc|lxd|nerdctl)/;

/** The host's own IP addresses, IPv4 first; loopback, link-local and container networks left out. */
export function ownAddresses(): string[] {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    foreign.test(name) ? [] : (addresses ?? []),
  );
  const useful = all.filter(
    ({ internal, address }) => !internal && !/^fe[89ab]/i.test(address) && !address.startsWith('169.254.'),
  );
  const sorted = useful.toSorted((a, b) => Number(a.family === 'IPv6') - Number(b.family === 'IPv6'));
  return [...new Set(sorted.map(({ address }) => address))];
}
