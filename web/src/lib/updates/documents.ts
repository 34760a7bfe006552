import { graphql } from '../generated/gql.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const Row = graphql(`
  fragment UpdatePolicies_Row on UpdatePolicy {
    id
    serverId
    kind
    name
    composeService
    containerId
    mode
    window {
      days
      from
      to
      timeZone
    }
    healthTimeoutSeconds
    setAt
    setBy
    checkedAt
    nextCheckAt
    nextWindowAt
    problem {
      code
      message
    }
    newer {
      reference
      digest
    }
    noticedAt
    hold
    attempt {
      at
      state
      reason
      jobId
    }
  }
`);

export const List = graphql(`
  query UpdatePolicies_List {
    updatePolicies {
      ...UpdatePolicies_Row
    }
  }
`);

export const Events = graphql(`
  subscription UpdatePolicies_Events {
    updatePolicyEvents {
      kind
      policyId
      policy {
        ...UpdatePolicies_Row
      }
    }
  }
`);

export const Set = graphql(`
  mutation UpdatePolicies_Set($input: SetUpdatePolicyInput!) {
    setUpdatePolicy(input: $input) {
      policy {
        ...UpdatePolicies_Row
      }
    }
  }
`);

export const Remove = graphql(`
  mutation UpdatePolicies_Remove($input: RemoveUpdatePolicyInput!) {
    removeUpdatePolicy(input: $input) {
      removedPolicyId
    }
  }
`);

export const Check = graphql(`
  mutation UpdatePolicies_Check($input: CheckForUpdatesInput!) {
    checkForUpdates(input: $input) {
      policy {
        ...UpdatePolicies_Row
      }
    }
  }
`);

export const Apply = graphql(`
  mutation UpdatePolicies_Apply($input: ApplyUpdateInput!) {
    applyUpdate(input: $input) {
      job {
        id
      }
    }
  }
`);
