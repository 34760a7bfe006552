import type { Network } from './network.ts';

/** Of a bridge: these change what goes through it, and nothing of the host's. */
const harmless: ReadonlySet<string> = new Set([
  'com.docker.network.driver.mtu',
  'com.docker.network.bridge.enable_icc',
]);

/**
 * Why a network reaches beyond a bridge of its own, ending the sentence "it …"; undefined when it does not. A list of
 * what is allowed: macvlan and ipvlan put containers on the host's own network, and a bridge can be given the name of one
 * that is there.
 */
export function networkProblem({
  driver,
  options,
  subnets,
}: Pick<Network, 'driver' | 'options' | 'subnets'>): string | undefined {
  if (driver !== 'bridge') return `has the driver ${driver}, which reaches the host's own networks`;
  // The host reaches its neighbours by the same routes: a network with their addresses would be asked in their place.
  if (subnets.length > 0)
    return "has addresses of its own choice, which may be those of the host's own networks";
  const odd = options.find(({ key }) => !harmless.has(key));
  return odd ? `has the option ${odd.key}, which can change the host's own networks` : undefined;
}
