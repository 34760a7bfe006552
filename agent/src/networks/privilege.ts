import { entered, type Work } from '../containers/work.ts';
import { allow, createGuard } from '../docker/privilege/guard.ts';
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

/**
 * What reaches beyond itself takes the same right to be changed as to be made, and so does joining a network that is more
 * than one of containers.
 *
 * @throws AgentError PRIVILEGE_NEEDED, POLICY_DENIED
 */
export async function mayJoin(network: string, container: string, work: Work): Promise<void> {
  const { container: found } = await entered(work, container, 'Connecting');
  const joining = { NetworkingConfig: { EndpointsConfig: { [network]: {} } } };
  allow(await createGuard(work.docker.engine).request(joining), work.authority, `Connecting ${found.name}`);
}
