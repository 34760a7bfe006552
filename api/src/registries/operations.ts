import { graphql } from '../generated/agent/index.ts';

export const CheckRegistryDocument = graphql(`
  mutation CheckRegistry($auth: RegistryAuthInput!) {
    checkRegistry(auth: $auth) {
      accepted
      message
    }
  }
`);
