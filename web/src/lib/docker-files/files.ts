import { mutate, partOf, query } from '../api/operations.ts';
import { graphql } from '../generated/gql.ts';
import type { DockerFiles_ListQuery, FilePlaceInput } from '../generated/graphql.ts';

const List = graphql(`
  query DockerFiles_List($serverId: ID!, $place: FilePlaceInput!, $path: String!, $after: String) {
    server(id: $serverId) {
      files(place: $place, path: $path, first: 200, after: $after) {
        path
        next
        complete
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
      }
    }
  }
`);

const Download = graphql(`
  mutation DockerFiles_Download($input: StartFileDownloadInput!) {
    startFileDownload(input: $input) {
      url
    }
  }
`);

const UploadDocument = graphql(`
  mutation DockerFiles_Upload($input: StartFileUploadInput!) {
    startFileUpload(input: $input) {
      url
    }
  }
`);

const CreateFolder = graphql(`
  mutation DockerFiles_CreateFolder($input: CreateFolderInput!) {
    createFolder(input: $input) {
      path
    }
  }
`);

const Remove = graphql(`
  mutation DockerFiles_Remove($input: RemoveFileInput!) {
    removeFile(input: $input) {
      path
    }
  }
`);

const Rename = graphql(`
  mutation DockerFiles_Rename($input: RenameFileInput!) {
    renameFile(input: $input) {
      path
    }
  }
`);

/** What it takes to look at files, and to put some there. */
export const filesScope = 'files:read';
export const uploadScope = 'files:write';

export type FilePage = NonNullable<NonNullable<DockerFiles_ListQuery['server']>['files']>;
export type FileRow = FilePage['items'][number];

/** Whose files, on which server. */
export interface FilesOf {
  readonly serverId: string;
  readonly place: FilePlaceInput;
}

/** A page of a folder. @throws Failure */
export async function readFiles(
  { serverId, place }: FilesOf,
  path: string,
  after: string | null,
): Promise<FilePage> {
  const { data, failures } = await query(List, { serverId, place, path, after });
  return partOf(data.server?.files, failures);
}

/** Lets the browser save it as it comes, however large it is. @throws Failure */
export async function download(of: FilesOf, path: string, archive: boolean): Promise<void> {
  const { startFileDownload } = await mutate(Download, { input: { ...of, path, archive } });
  const link = document.createElement('a');
  link.href = startFileDownload.url;
  link.download = '';
  link.click();
}

/** @returns where to put its bytes @throws Failure */
export async function beginUpload(
  of: FilesOf,
  file: { readonly path: string; readonly sizeBytes: number; readonly replace: boolean },
): Promise<string> {
  const { startFileUpload } = await mutate(UploadDocument, { input: { ...of, ...file } });
  return startFileUpload.url;
}

/** @throws Failure */
export async function createFolder(of: FilesOf, path: string): Promise<void> {
  await mutate(CreateFolder, { input: { ...of, path } });
}

/** @param recursive - a folder as well, with all that is in it @throws Failure */
export async function removeFile(of: FilesOf, path: string, recursive: boolean): Promise<void> {
  await mutate(Remove, { input: { ...of, path, recursive } });
}

/** @param name - the new one, in the same folder @throws Failure */
export async function renameFile(of: FilesOf, path: string, name: string): Promise<void> {
  await mutate(Rename, { input: { ...of, path, name } });
}
