import { graphql } from '../generated/gql.ts';

/** What lists and pages show of a person. */
/** @public For the code generator, which puts it into the documents that name it. */
export const Person = graphql(`
  fragment People_Person on User {
    id
    name
    email
    role
    access
    createdAt
    disabledAt
    hasPassword
    lastSignInAt
    secondFactor
  }
`);
