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
