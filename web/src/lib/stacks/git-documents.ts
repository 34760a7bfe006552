import { graphql } from '../generated/gql.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const SourceFields = graphql(`
  fragment Git_Source on GitSource {
    id
    url
    branch
    path
    credential
    username
    knownHosts
    pollSeconds
    webhookPath
    onBehalfOf
    commit
    seenCommit
    checkedAt
    deploying
    failure
    hold
    retryAt
  }
`);

export const Source = graphql(`
  query Git_SourceOf($serverId: ID!, $name: String!) {
    server(id: $serverId) {
      gitSource(stack: $name) {
        ...Git_Source
      }
    }
  }
`);

export const Plan = graphql(`
  query Git_Plan($serverId: ID!, $name: String!, $env: String) {
    server(id: $serverId) {
      gitSource(stack: $name) {
        plan(env: $env) {
          commit
          compose
          plan {
            ...Stacks_PlanFields
          }
        }
      }
    }
  }
`);

export const Bind = graphql(`
  mutation Git_Bind($input: BindGitSourceInput!) {
    bindGitSource(input: $input) {
      webhookSecret
      source {
        webhookPath
      }
    }
  }
`);

export const Check = graphql(`
  mutation Git_Check($input: CheckGitSourceInput!) {
    checkGitSource(input: $input) {
      source {
        ...Git_Source
      }
    }
  }
`);

export const Deploy = graphql(`
  mutation Git_Deploy($input: DeployGitSourceInput!) {
    deployGitSource(input: $input) {
      job {
        id
      }
    }
  }
`);

export const Unbind = graphql(`
  mutation Git_Unbind($input: UnbindGitSourceInput!) {
    unbindGitSource(input: $input) {
      source {
        id
      }
    }
  }
`);
