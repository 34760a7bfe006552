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

export const CreateFileFolderDocument = graphql(`
  mutation CreateFileFolder($place: FilePlaceInput!, $path: String!) {
    changed: createFileFolder(place: $place, path: $path) {
      path
    }
  }
`);

export const RemoveFileDocument = graphql(`
  mutation RemoveFile($place: FilePlaceInput!, $path: String!, $recursive: Boolean!) {
    changed: removeFile(place: $place, path: $path, recursive: $recursive) {
      path
    }
  }
`);

export const RenameFileDocument = graphql(`
  mutation RenameFile($place: FilePlaceInput!, $path: String!, $name: String!) {
    changed: renameFile(place: $place, path: $path, name: $name) {
      path
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
