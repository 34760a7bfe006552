import { graphql } from '../generated/gql.ts';

/** All that is needed to join an agent. The token is answered once; it is kept in memory only while on show. */
export const Invitation = graphql(`
  fragment Install_Invitation on RegistrationPayload {
    server {
      id
      name
    }
    registrationToken
    expiresAt
    installCommands {
      linux
      docker
      manual
      windows
    }
    joinability {
      possible
      reason
      message
    }
  }
`);
