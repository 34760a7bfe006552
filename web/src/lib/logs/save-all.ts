import { mutate } from '../api/operations.ts';
import { graphql } from '../generated/gql.ts';
import type { StartLogDownloadInput } from '../generated/graphql.ts';

const Download = graphql(`
  mutation Logs_Download($input: StartLogDownloadInput!) {
    startLogDownload(input: $input) {
      url
    }
  }
`);

/** Lets the browser save all that the servers have of these logs, as it comes, however much it is. @throws Failure */
export async function saveAll(input: StartLogDownloadInput): Promise<void> {
  const { startLogDownload } = await mutate(Download, { input });
  const link = document.createElement('a');
  link.href = startLogDownload.url;
  link.download = '';
  link.click();
}
