import { mutate, query } from '#lib/api/operations.ts';
import { Resource } from '#lib/api/resource.svelte.ts';
import { graphql } from '#lib/generated/gql.ts';
import type { Invitations_MadeFragment, InviteUserInput } from '#lib/generated/graphql.ts';

/** @public For the code generator, which puts it into the documents that name it. */
export const Made = graphql(`
  fragment Invitations_Made on InvitationPayload {
    link
    expiresAt
    invitation {
      email
    }
  }
`);
const List = graphql(`
  query Invitations_List {
    invitations(first: 100) {
      nodes {
        id
        email
        name
        role
        expiresAt
        createdBy {
          name
        }
      }
    }
  }
`);
const Invite = graphql(`
  mutation Invitations_Invite($input: InviteUserInput!) {
    inviteUser(input: $input) {
      ...Invitations_Made
    }
  }
`);
const Renew = graphql(`
  mutation Invitations_Renew($invitationId: ID!) {
    renewInvitation(input: { invitationId: $invitationId }) {
      ...Invitations_Made
    }
  }
`);
const Revoke = graphql(`
  mutation Invitations_Revoke($invitationId: ID!) {
    revokeInvitation(input: { invitationId: $invitationId }) {
      revokedInvitationId
    }
  }
`);

export interface MadeLink {
  readonly email: string;
  readonly link: string;
  readonly expiresAt: string;
}

/** Open invitations, and the link that was just made: it is told once. */
export class Invitations {
  readonly list = new Resource(async () => (await query(List, {})).data.invitations.nodes);
  made = $state.raw<MadeLink | null>(null);

  async invite(input: InviteUserInput): Promise<void> {
    this.#show((await mutate(Invite, { input })).inviteUser);
  }

  async renew(invitationId: string): Promise<void> {
    this.#show((await mutate(Renew, { invitationId })).renewInvitation);
  }

  async revoke(invitationId: string): Promise<void> {
    await mutate(Revoke, { invitationId });
    await this.list.load();
  }

  #show({ link, expiresAt, invitation: { email } }: Invitations_MadeFragment): void {
    this.made = { email, link, expiresAt };
    void this.list.load();
  }
}
