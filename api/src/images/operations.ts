import { graphql } from '../generated/agent/index.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const ImageFields = graphql(`
  fragment ImageFields on Image {
    id
    tags
    digests
    createdAt
    sizeBytes
    labels {
      key
      value
    }
    containers {
      id
      name
      running
    }
  }
`);

/** @public For the code generator. */
export const PrunableImageFields = graphql(`
  fragment PrunableImageFields on PrunableImage {
    id
    tags
    digests
    sizeBytes
  }
`);

export const ImagesDocument = graphql(`
  query Images($after: String) {
    images(first: 500, after: $after) {
      items {
        ...ImageFields
      }
      next
    }
  }
`);

export const ImageDetailsDocument = graphql(`
  query ImageDetails($reference: String!) {
    image(reference: $reference) {
      image {
        ...ImageFields
      }
      architecture
      os
      author
      comment
      user
      workingDir
      entrypoint
      command
      environmentNames
      exposedPorts
      volumes
      healthcheck
      stopSignal
      layers
      inspectJson
    }
  }
`);

export const ImageHistoryDocument = graphql(`
  query ImageHistory($reference: String!) {
    imageHistory(reference: $reference) {
      createdAt
      createdBy
      comment
      sizeBytes
      tags
    }
  }
`);

export const ImagePrunePreviewDocument = graphql(`
  query ImagePrunePreview($extent: ImagePruneExtent!) {
    imagePrunePreview(extent: $extent) {
      images {
        ...PrunableImageFields
      }
      reclaimableBytes
    }
  }
`);

export const TagImageDocument = graphql(`
  mutation TagImage($reference: String!, $target: String!) {
    tagImage(reference: $reference, target: $target) {
      ...ImageFields
    }
  }
`);

export const RemoveImageDocument = graphql(`
  mutation RemoveImage($reference: String!, $force: Boolean!) {
    removeImage(reference: $reference, force: $force) {
      untagged
      deletedIds
    }
  }
`);

export const PruneImagesDocument = graphql(`
  mutation PruneImages($extent: ImagePruneExtent!, $images: [ImagePruneTarget!]!) {
    pruneImages(extent: $extent, images: $images) {
      removed {
        ...PrunableImageFields
      }
      kept {
        id
        tags
        reason
      }
      reclaimedBytes
    }
  }
`);

export const PullImageDocument = graphql(`
  mutation PullImage($jobId: ID!, $reference: String!, $platform: String, $auth: RegistryAuthInput) {
    pullImage(jobId: $jobId, reference: $reference, platform: $platform, auth: $auth) {
      id
    }
  }
`);

export const ImageUpdateDocument = graphql(`
  query ImageUpdate($reference: String!, $auth: RegistryAuthInput) {
    imageUpdate(reference: $reference, auth: $auth) {
      localDigests
      remoteDigest
    }
  }
`);

export const PushImageDocument = graphql(`
  mutation PushImage($jobId: ID!, $reference: String!, $auth: RegistryAuthInput) {
    pushImage(jobId: $jobId, reference: $reference, auth: $auth) {
      id
    }
  }
`);

export const BuildImageDocument = graphql(`
  mutation BuildImage(
    $jobId: ID!
    $dockerfile: String!
    $tag: String!
    $arguments: [BuildArgument!]!
    $pull: Boolean!
    $noCache: Boolean!
  ) {
    buildImage(
      jobId: $jobId
      dockerfile: $dockerfile
      tag: $tag
      arguments: $arguments
      pull: $pull
      noCache: $noCache
    ) {
      id
    }
  }
`);

export const OpenBuildContextDocument = graphql(`
  mutation OpenBuildContext($id: ID!, $sizeBytes: SafeInt!) {
    openBuildContext(id: $id, sizeBytes: $sizeBytes) {
      id
    }
  }
`);

export const WriteBuildContextDocument = graphql(`
  mutation WriteBuildContext($id: ID!, $offset: SafeInt!, $data: String!) {
    writeBuildContext(id: $id, offset: $offset, data: $data) {
      id
    }
  }
`);

export const AbortBuildContextDocument = graphql(`
  mutation AbortBuildContext($id: ID!) {
    abortBuildContext(id: $id) {
      id
    }
  }
`);

export const BuildImageFromContextDocument = graphql(`
  mutation BuildImageFromContext(
    $jobId: ID!
    $contextId: ID!
    $sha256: String!
    $dockerfile: String!
    $tag: String!
    $arguments: [BuildArgument!]!
    $pull: Boolean!
    $noCache: Boolean!
  ) {
    buildImageFromContext(
      jobId: $jobId
      contextId: $contextId
      sha256: $sha256
      dockerfile: $dockerfile
      tag: $tag
      arguments: $arguments
      pull: $pull
      noCache: $noCache
    ) {
      id
    }
  }
`);
