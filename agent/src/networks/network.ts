import type { Label } from '../docker/container.ts';

/** A container in a network, running or not. */
export interface NetworkUser {
  readonly containerId: string;
  readonly containerName: string;
  readonly running: boolean;
  /** Empty while it does not run, or where the network gives none. */
  readonly ipv4: string;
  readonly ipv6: string;
  readonly mac: string;
}

export interface Subnet {
  /** CIDR. */
  readonly subnet: string;
  /** Empty where there is none. */
  readonly gateway: string;
  /** The part that addresses are given out of; empty for all of it. */
  readonly ipRange: string;
}

/** Times are ms since 1970. */
export interface Network {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** local, swarm or global. */
  readonly scope: string;
  readonly createdAt: number | null;
  /** Without a way out of the host. */
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ipv6: boolean;
  /** One of the engine's own: bridge, host, none, or a cluster's ingress. It cannot be removed. */
  readonly builtIn: boolean;
  readonly subnets: readonly Subnet[];
  readonly labels: readonly Label[];
  /** Of its driver. */
  readonly options: readonly Label[];
  readonly users: readonly NetworkUser[];
}

export interface NewNetwork {
  readonly name: string;
  readonly driver: string;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ipv6: boolean;
  readonly subnets: readonly Subnet[];
  readonly options: readonly Label[];
  readonly labels: readonly Label[];
}

export interface Connection {
  /** By id or name. */
  readonly network: string;
  readonly container: string;
  readonly aliases: readonly string[];
  /** Empty for one of the network's choice. */
  readonly ipv4: string;
  readonly ipv6: string;
}

/** One that a prune left alone. */
export interface KeptNetwork {
  readonly id: string;
  readonly name: string;
  /** As a sentence. */
  readonly reason: string;
}

export interface PrunedNetworks {
  readonly removed: readonly { readonly id: string; readonly name: string }[];
  readonly kept: readonly KeptNetwork[];
}
