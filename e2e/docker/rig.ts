import { symlink } from 'node:fs/promises';
import { parse, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { schema } from '../../api/src/schema.ts';
import { controlPlane } from '../../testing/control-plane.ts';
import type { TestClient, TestSubscription } from '../../testing/graphql-client.ts';
import { composeTools, type ComposeTool } from '../../testing/product/compose.ts';
import { run } from '../../testing/processes.ts';
import { tempDir } from '../../testing/tmp.ts';
import { managedHost } from '../faults/host.ts';
import { addServer, untilStatus } from '../install/plane.ts';

type Variables = Readonly<Record<string, unknown>>;

/** The whole product over the engine of this machine, as a client of the API sees it. */
export interface DockerRig extends AsyncDisposable {
  /** Of the control plane, for what goes beside GraphQL. */
  readonly url: string;
  readonly serverId: string;
  /** The one that the agent finds. */
  readonly compose: ComposeTool;
  /** Another client's view, for what a comparison needs besides. */
  readonly client: TestClient;
  /** Asks as `client` does, with `$serverId` given, and remembers which fields were asked for. */
  query<Data>(document: string, variables?: Variables): Promise<Data>;
  subscribe<Data>(document: string, variables?: Variables): TestSubscription<Data>;
  /** Fields asked for since the last time, as `Type.field`. */
  asked(): ReadonlySet<string>;
}

/**
 * Every scope of Docker's, the dangerous ones too: what guards them has tests of its own.
 *
 * @param compose - the only one that the agent is to find; a program of its own
 */
export async function dockerRig(compose?: ComposeTool): Promise<DockerRig> {
  await using undo = new AsyncDisposableStack();
  const [found] = compose ? [compose] : composeTools();
  if (!found) throw new Error('there is no Compose');
  const plane = undo.use(await controlPlane());
  const client = await plane.signIn();
  const host = undo.use(
    await managedHost({
      docker: '/var/run/docker.sock',
      ...(compose && { env: { PATH: await folderOf(compose, undo) } }),
    }),
  );
  const { serverId, token } = await addServer(client, 'host', 'FULL_ACCESS');
  await host.register(plane.url, token);
  await host.start();
  await untilStatus(client, serverId, 'ONLINE');
  let fields = new Set<string>();
  const note = (document: string): void => {
    const types = new TypeInfo(schema);
    const enter = (): void => void fields.add(`${types.getParentType()?.name}.${types.getFieldDef()?.name}`);
    visit(parse(document), visitWithTypeInfo(types, { Field: enter }));
  };
  const owned = undo.move();
  return {
    url: plane.url,
    serverId,
    compose: found,
    client,
    query(document, variables) {
      note(document);
      return client.query(document, { serverId, ...variables });
    },
    subscribe(document, variables) {
      note(document);
      return client.subscribe(document, { serverId, ...variables });
    },
    asked() {
      const before = fields;
      fields = new Set();
      return before;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A folder with nothing but that program. */
async function folderOf(
  { command: [program = ''] }: ComposeTool,
  undo: AsyncDisposableStack,
): Promise<string> {
  const folder = undo.use(await tempDir('sk-path-'));
  await symlink((await run('which', [program])).trim(), folder.file(program));
  return folder.path;
}
