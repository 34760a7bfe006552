import type { TestClient } from '../../../testing/graphql-client.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { newId } from '../ids.ts';
import { dig } from '../live/testing.ts';

/** What a change of many answers for one of them. */
export interface TestResult {
  readonly target: string;
  readonly ok: boolean;
  readonly error: { readonly code: string } | null;
}

const documents = {
  createServerGroup:
    'mutation M($input: CreateServerGroupInput!) { createServerGroup(input: $input) { group { id } } }',
  createApiToken: 'mutation M($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }',
  grantAccess: 'mutation M($input: GrantAccessInput!) { grantAccess(input: $input) { grant { id } } }',
  moveServers:
    'mutation M($input: MoveServersInput!) { moveServers(input: $input) { target ok error { code } } }',
  setUserAccess: 'mutation M($input: SetUserAccessInput!) { setUserAccess(input: $input) { user { id } } }',
} as const;

/** The public API with an administrator, and words for who may see what. */
export async function accessWorld() {
  const api: TestApi = await testApi();
  const boss = await api.join('admin');
  const admin = boss.client;
  const grantTo = (userId: string, input: object, client = admin) =>
    client.answer<{ grantAccess: { grant: { id: string } } }>(documents.grantAccess, {
      input: { userId, ...input },
    });
  return {
    api,
    boss,
    admin,
    documents,
    /** With a tag of its own, `tag <id>`. */
    addServer: async (name: string): Promise<string> => {
      const id = newId('server');
      await api.platform.db.prisma.server.create({
        data: { id, name: `${name} ${id}`, permissionProfile: 'docker_manager', tags: [`tag ${id}`] },
      });
      return id;
    },
    addGroup: async (name: string, parentId?: string): Promise<string> => {
      const made = await admin.query<{ createServerGroup: { group: { id: string } } }>(
        documents.createServerGroup,
        { input: { name: `${name} ${newId('group')}`, parentId } },
      );
      return made.createServerGroup.group.id;
    },
    move: (serverIds: string[], groupId: string | null, client = admin) =>
      client.answer<{ moveServers: TestResult[] }>(documents.moveServers, { input: { serverIds, groupId } }),
    /** Someone who is limited to grants and has none yet. */
    limited: async (role: 'viewer' | 'operator'): Promise<TestPerson> => {
      const person = await api.join(role);
      await admin.query(documents.setUserAccess, { input: { userId: person.userId, access: 'GRANTED' } });
      return person;
    },
    grantTo,
    /** @returns the id of the grant */
    grant: async ({ userId }: TestPerson, input: object): Promise<string> => {
      const { data, errors } = await grantTo(userId, input);
      if (!data) throw new Error(`not granted: ${JSON.stringify(errors)}`);
      return data.grantAccess.grant.id;
    },
    revoke: (grantId: string) =>
      admin.query(`mutation { revokeGrant(input: { grantId: "${grantId}" }) { revokedGrantId } }`),
    /** A program that acts for somebody, without an Origin. */
    program: async (owner: TestPerson, input: object): Promise<TestClient> => {
      const { createApiToken: made } = await owner.client.query<{ createApiToken: { secret: string } }>(
        documents.createApiToken,
        { input: { name: 'program', ...input } },
      );
      return api.stranger.with({ token: made.secret, origin: null });
    },
  };
}

/** The code of the first error of an answer; undefined when there is none. */
export function codeOf(answer: { readonly errors?: readonly object[] | undefined }): unknown {
  return dig(answer.errors, 0, 'extensions', 'code');
}

/** The ids of the servers that somebody sees. */
export async function serversOf(client: TestClient): Promise<string[] | undefined> {
  const { data } = await client.answer<{ servers: { nodes: { id: string }[] } }>(
    '{ servers(first: 500) { nodes { id } } }',
  );
  return data?.servers.nodes.map(({ id }) => id).toSorted();
}
