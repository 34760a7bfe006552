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

export const RestartAgentDocument = graphql(`
  mutation RestartAgent {
    restartAgent
  }
`);
