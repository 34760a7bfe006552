import { mutate } from '../api/operations.ts';
import { sendFile } from '../docker-files/send-file.ts';
import { graphql } from '../generated/gql.ts';
import type { BuildImageInput } from '../generated/graphql.ts';

const Build = graphql(`
  mutation BuildDialog_Build($input: BuildImageInput!) {
    buildImage(input: $input) {
      job {
        id
      }
    }
  }
`);

const Start = graphql(`
  mutation BuildDialog_Start($input: StartImageBuildInput!) {
    startImageBuild(input: $input) {
      url
    }
  }
`);

/** What an image is built from; what was said of the other kind is kept while its writer looks around. */
export interface BuildFrom {
  kind: 'text' | 'archive';
  dockerfile: string;
  /** As a file field has them; one counts. */
  files: FileList | undefined;
  /** Where the Dockerfile is in the archive. */
  path: string;
}

export const nothingYet = (): BuildFrom => ({
  kind: 'text',
  dockerfile: '',
  files: undefined,
  path: 'Dockerfile',
});

/** Whether there is something to build from. */
export function isThere({ kind, dockerfile, files, path }: BuildFrom): boolean {
  return kind === 'text' ? dockerfile.trim() !== '' : (files?.length ?? 0) > 0 && path.trim() !== '';
}

export interface BuildSending {
  readonly signal: AbortSignal;
  /** @param sent - bytes of the archive so far */
  readonly onprogress: (sent: number) => void;
}

/** Begins a build, once its archive is there if it has one. @returns the job's id @throws Failure */
export async function beginBuild(
  settings: Omit<BuildImageInput, 'dockerfile'>,
  { kind, dockerfile, files, path }: BuildFrom,
  sending: BuildSending,
): Promise<string> {
  const file = files?.[0];
  if (kind === 'text' || !file) {
    const { buildImage } = await mutate(Build, { input: { ...settings, dockerfile } });
    return buildImage.job.id;
  }
  const input = { ...settings, dockerfilePath: path.trim(), sizeBytes: file.size };
  const { startImageBuild } = await mutate(Start, { input });
  const parse: (text: string) => { readonly jobId: string } = JSON.parse;
  return parse(await sendFile(startImageBuild.url, file, sending)).jobId;
}
