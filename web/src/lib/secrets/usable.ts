import { query } from '../api/operations.ts';
import { graphql } from '../generated/gql.ts';
import { session } from '../session.svelte.ts';

/** Secrets that may be used, whatever server gets them; the servers of each tell where. */
const Usable = graphql(`
  query Secrets_Usable {
    secrets {
      name
    }
  }
`);

/** Names to suggest, each once; none where nobody may use any, or they cannot be asked for: they can be typed. */
export async function usableSecrets(): Promise<readonly string[]> {
  if (!session.may('secrets:use')) return [];
  try {
    const { data } = await query(Usable, {});
    return [...new Set(data.secrets.map(({ name }) => name))];
  } catch {
    return [];
  }
}
