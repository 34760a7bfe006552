import { graphql } from '../../generated/gql.ts';

export const Placement = graphql(`
  query Many_Placement($input: ProposePlacementInput!) {
    proposePlacement(input: $input) {
      candidates {
        serverId
        memoryFreeBytes
        cores
        coresFree
      }
      excluded {
        serverId
        reason
      }
    }
  }
`);
