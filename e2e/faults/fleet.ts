import type { StoredSample } from '../../api/src/metrics/sample.ts';
import { testImages } from '../../testing/images.ts';
import { eventually } from '../../testing/events.ts';
import type { TestClient, TestSubscription } from '../../testing/graphql-client.ts';
import type { PrivateEngine } from '../../testing/private-engine.ts';
import { run } from '../../testing/processes.ts';

/** Gives a private engine the image that test containers are made of. */
export async function loadImage({ socket }: PrivateEngine): Promise<void> {
  const to = `docker --host unix://${socket} load`;
  await run('sh', ['-c', `docker save ${testImages.busybox} | ${to}`]);
}

/** Runs a script in a container of the engine. @returns its id */
export async function runScript(engine: PrivateEngine, name: string, script: string): Promise<string> {
  // prettier-ignore
  const id = await engine.cli('run', '--detach', '--network', 'none', '--name', name, testImages.busybox, 'sh', '-c', script);
  return id.trim();
}

/** Counts lines, slowly and for ever. */
export const counting = 'trap "exit 0" TERM; i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.05; done';
/** Takes its time to stop, so that something can go wrong meanwhile. */
export const stubborn = 'trap "" TERM; while :; do sleep 0.1; done';

/** A line of the audit. */
export interface Recorded {
  readonly action: string;
  readonly outcome: string;
  readonly code: string | null;
}

/** What the audit says was done to a container, the newest first. */
export async function recorded(client: TestClient, containerId: string): Promise<readonly Recorded[]> {
  const { auditEvents } = await client.query<{
    auditEvents: { nodes: (Recorded & { readonly targetId: string | null; readonly parameters: unknown })[] };
  }>(/* GraphQL */ `
    query Recorded {
      auditEvents(filter: { action: "container" }, first: 500) {
        nodes {
          action
          outcome
          code
          targetId
        }
      }
    }
  `);
  return auditEvents.nodes
    .filter(({ targetId }) => targetId === containerId)
    .map(({ action, outcome, code }) => ({ action, outcome, code }));
}

export interface SeenContainer {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

export async function listed(client: TestClient, serverId: string): Promise<readonly SeenContainer[]> {
  const { server } = await client.query<{ server: { containers: SeenContainer[] | null } | null }>(
    /* GraphQL */ `
      query Listed($id: ID!) {
        server(id: $id) {
          containers {
            id
            name
            state
          }
        }
      }
    `,
    { id: serverId },
  );
  return server?.containers ?? [];
}

/** Waits until the API shows exactly what the docker command shows. */
export async function untilInAgreement(
  client: TestClient,
  serverId: string,
  engine: PrivateEngine,
): Promise<readonly SeenContainer[]> {
  const states = (lines: Iterable<string>): string => [...lines].toSorted().join('\n');
  return eventually(
    async () => {
      const said = await engine.cli('ps', '--all', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}');
      const seen = await listed(client, serverId);
      const shown = seen.map(({ id, name, state }) => `${id} ${name} ${state.toLowerCase()}`);
      return states(said.trim().split('\n')) === states(shown) && seen;
    },
    'API and docker command to agree',
    { limit: 60_000, every: 200 },
  );
}

export interface Answered {
  readonly code: string | undefined;
  readonly message?: string | undefined;
}

/** Stops a container. @returns the code of the error, or undefined when it was answered; never throws */
export async function stopContainer(
  client: TestClient,
  serverId: string,
  containerId: string,
  timeoutSeconds: number,
): Promise<Answered> {
  try {
    const { errors } = await client.answer(
      /* GraphQL */ `
        mutation Stop($input: StopContainerInput!) {
          stopContainer(input: $input) {
            container {
              state
            }
          }
        }
      `,
      { input: { serverId, containerId, timeoutSeconds } },
    );
    const code = errors?.[0]?.extensions?.['code'];
    return { code: errors ? String(code) : undefined, message: errors?.[0]?.message };
  } catch (error) {
    return { code: error instanceof Error && 'code' in error ? String(error.code) : String(error) };
  }
}

interface Logs {
  readonly containerLogs: { readonly segments: readonly { readonly text: string }[] };
}

/** A log that is followed, and what came of it so far. */
export interface FollowedLog extends AsyncDisposable {
  text(): string;
  until(pattern: RegExp): Promise<void>;
  /** Settles with what ended it. */
  readonly ended: TestSubscription<Logs>['ended'];
}

export function followLog(client: TestClient, serverId: string, containerId: string): FollowedLog {
  const stream = client.subscribe<Logs>(
    /* GraphQL */ `
      subscription Follow($serverId: ID!, $containerId: ID!) {
        containerLogs(serverId: $serverId, containerId: $containerId, follow: true) {
          segments {
            text
          }
        }
      }
    `,
    { serverId, containerId },
  );
  let text = '';
  return {
    text: () => text,
    async until(pattern) {
      while (!pattern.test(text)) {
        const { containerLogs } = await stream.next(undefined, `${pattern} in the log`, 60_000);
        text += containerLogs.segments.map((segment) => segment.text).join('');
      }
    },
    ended: stream.ended,
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
  };
}

/** In the order in which the agent measured, which is what comparisons need. */
export function byPlace(samples: readonly StoredSample[]): StoredSample[] {
  return samples.toSorted((a, b) => (a.epoch === b.epoch ? a.seq - b.seq : a.epoch < b.epoch ? -1 : 1));
}
