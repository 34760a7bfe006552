import { graphql } from '../generated/agent/index.ts';

export const PingDocument = graphql(`
  query Ping {
    ping
  }
`);

export const OperationOutcomeDocument = graphql(`
  query OperationOutcome($id: ID!) {
    operationOutcome(id: $id) {
      state
      errorCode
      errorMessage
    }
  }
`);

export const RotateKeyDocument = graphql(`
  mutation RotateKey($rotationId: ID!) {
    rotateKey(rotationId: $rotationId) {
      rotationId
      oldKey
      newKey
      signedByOld
      signedByNew
    }
  }
`);

export const AdoptKeyDocument = graphql(`
  mutation AdoptKey($rotationId: ID!, $approvedBy: ID!, $approval: String!) {
    adoptKey(rotationId: $rotationId, approvedBy: $approvedBy, approval: $approval)
  }
`);

export const DropKeyDocument = graphql(`
  mutation DropKey($rotationId: ID!) {
    dropKey(rotationId: $rotationId)
  }
`);

export const RestartAgentDocument = graphql(`
  mutation RestartAgent {
    restartAgent
  }
`);
