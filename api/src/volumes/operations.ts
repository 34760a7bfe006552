import { graphql } from '../generated/agent/index.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const VolumeFields = graphql(`
  fragment VolumeFields on Volume {
    name
    driver
    scope
    mountpoint
    createdAt
    anonymous
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
      destination
      readOnly
    }
  }
`);

export const VolumesDocument = graphql(`
  query Volumes($after: String) {
    volumes(first: 500, after: $after) {
      items {
        ...VolumeFields
      }
      next
    }
  }
`);

export const VolumeDocument = graphql(`
  query Volume($name: String!) {
    volume(name: $name) {
      ...VolumeFields
    }
  }
`);

export const VolumeSizesDocument = graphql(`
  query VolumeSizes {
    volumeSizes {
      measuredAt
      items {
        name
        sizeBytes
      }
    }
  }
`);

export const UnusedVolumesDocument = graphql(`
  query UnusedVolumes($named: Boolean!) {
    unusedVolumes(named: $named) {
      at
      items {
        name
        driver
        anonymous
        sizeBytes
      }
    }
  }
`);

export const CreateVolumeDocument = graphql(`
  mutation CreateVolume($name: String!, $driver: String!, $options: [LabelInput!]!, $labels: [LabelInput!]!) {
    volume: createVolume(name: $name, driver: $driver, options: $options, labels: $labels) {
      ...VolumeFields
    }
  }
`);

export const RemoveVolumeDocument = graphql(`
  mutation RemoveVolume($name: String!) {
    removeVolume(name: $name) {
      name
    }
  }
`);

export const PruneVolumesDocument = graphql(`
  mutation PruneVolumes($names: [String!]!, $shownAt: SafeInt!) {
    pruneVolumes(names: $names, shownAt: $shownAt) {
      removed {
        name
        sizeBytes
      }
      kept {
        name
        reason
      }
    }
  }
`);
