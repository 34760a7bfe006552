import { query } from '../api/operations.ts';
import { Resource } from '../api/resource.svelte.ts';
import { graphql } from '../generated/gql.ts';
import type { Access_GrantFragment, GrantFilter } from '../generated/graphql.ts';

const List = graphql(`
  query Access_List($filter: GrantFilter!) {
    grants(first: 500, filter: $filter) {
      nodes {
        ...Access_Grant
      }
    }
  }
`);

/** The grants of a person, a server or a group. */
export class Grants extends Resource<readonly Access_GrantFragment[]> {
  constructor(filter: GrantFilter) {
    super(async () => (await query(List, { filter })).data.grants.nodes);
  }
}
