import { graphql } from '../generated/agent/index.ts';

export const FilesDocument = graphql(`
  query Files($place: FilePlaceInput!, $path: String!, $first: Int!, $after: String) {
    files(place: $place, path: $path, first: $first, after: $after) {
      path
      items {
        name
        kind
        sizeBytes
        mode
        uid
        gid
        modifiedAt
        linkTarget
      }
      next
      complete
    }
  }
`);

export const FileContentsDocument = graphql(`
  subscription FileContents($place: FilePlaceInput!, $path: String!, $archive: Boolean!, $windowBytes: Int!) {
    piece: fileContents(place: $place, path: $path, archive: $archive, windowBytes: $windowBytes) {
      file {
        name
        sizeBytes
      }
      data
    }
  }
`);

export const OpenFileUploadDocument = graphql(`
  mutation OpenFileUpload(
    $id: ID!
    $place: FilePlaceInput!
    $path: String!
    $sizeBytes: SafeInt!
    $replace: Boolean!
  ) {
    upload: openFileUpload(id: $id, place: $place, path: $path, sizeBytes: $sizeBytes, replace: $replace) {
      ready
    }
  }
`);

export const WriteFileUploadDocument = graphql(`
  mutation WriteFileUpload($id: ID!, $offset: SafeInt!, $data: String!) {
    writeFileUpload(id: $id, offset: $offset, data: $data) {
      id
    }
  }
`);

export const FinishFileUploadDocument = graphql(`
  mutation FinishFileUpload($id: ID!, $sha256: String!) {
    file: finishFileUpload(id: $id, sha256: $sha256) {
      path
      sizeBytes
    }
  }
`);

export const AbortFileUploadDocument = graphql(`
  mutation AbortFileUpload($id: ID!) {
    abortFileUpload(id: $id) {
      id
    }
  }
`);
