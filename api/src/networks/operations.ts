import { graphql } from '../generated/agent/index.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const NetworkFields = graphql(`
  fragment NetworkFields on Network {
    id
    name
    driver
    scope
    createdAt
    internal
    attachable
    ipv6
    builtIn
    subnets {
      subnet
      gateway
      ipRange
    }
    labels {
      key
      value
    }
    options {
      key
      value
    }
    users {
      containerId
      containerName
      running
      ipv4
      ipv6
      mac
    }
  }
`);

export const NetworksDocument = graphql(`
  query Networks($after: String) {
    networks(first: 500, after: $after) {
      items {
        ...NetworkFields
      }
      next
    }
  }
`);

export const NetworkDocument = graphql(`
  query Network($id: ID!) {
    network(id: $id) {
      ...NetworkFields
    }
  }
`);

export const UnusedNetworksDocument = graphql(`
  query UnusedNetworks {
    unusedNetworks {
      id
      name
    }
  }
`);

export const CreateNetworkDocument = graphql(`
  mutation CreateNetwork(
    $name: String!
    $driver: String!
    $internal: Boolean!
    $attachable: Boolean!
    $ipv6: Boolean!
    $subnets: [SubnetInput!]!
    $options: [LabelInput!]!
    $labels: [LabelInput!]!
  ) {
    network: createNetwork(
      name: $name
      driver: $driver
      internal: $internal
      attachable: $attachable
      ipv6: $ipv6
      subnets: $subnets
      options: $options
      labels: $labels
    ) {
      ...NetworkFields
    }
  }
`);

export const RemoveNetworkDocument = graphql(`
  mutation RemoveNetwork($id: ID!) {
    removeNetwork(id: $id) {
      id
    }
  }
`);

export const PruneNetworksDocument = graphql(`
  mutation PruneNetworks($ids: [ID!]!) {
    pruneNetworks(ids: $ids) {
      removed {
        id
        name
      }
      kept {
        id
        name
        reason
      }
    }
  }
`);

export const ConnectNetworkDocument = graphql(`
  mutation ConnectNetwork(
    $networkId: ID!
    $containerId: ID!
    $aliases: [String!]!
    $ipv4: String!
    $ipv6: String!
  ) {
    network: connectNetwork(
      networkId: $networkId
      containerId: $containerId
      aliases: $aliases
      ipv4: $ipv4
      ipv6: $ipv6
    ) {
      ...NetworkFields
    }
  }
`);

export const DisconnectNetworkDocument = graphql(`
  mutation DisconnectNetwork($networkId: ID!, $containerId: ID!, $force: Boolean!) {
    network: disconnectNetwork(networkId: $networkId, containerId: $containerId, force: $force) {
      ...NetworkFields
    }
  }
`);
