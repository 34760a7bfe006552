import { afterAll, beforeAll, expect, test } from 'vitest';
import { controlPlane, type ControlPlane } from '../testing/control-plane.ts';
import { container, type TestContainer } from '../testing/docker.ts';
import { eventually } from '../testing/events.ts';
import { fencesOf } from '../testing/fences.ts';
import type { TestClient } from '../testing/graphql-client.ts';
import { describeWith } from '../testing/parts.ts';

const examples = fencesOf('docs/reference.md');

describeWith(
  'docker',
  'the examples of docs/reference.md, against a real control plane, agent and engine',
  () => {
    let plane: ControlPlane;
    let admin: TestClient;
    let box: TestContainer;
    let target: { readonly serverId: string; readonly containerId: string };

    beforeAll(async () => {
      box = await container({
        command: ['sh', '-c', 'echo hello; trap "exit 0" TERM; sleep infinity & wait'],
      });
      plane = await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
      admin = await plane.signIn();
      target = await eventually(
        async () => {
          const { containers } = await admin.query<{
            containers: { nodes: { id: string; name: string; server: { id: string } }[] };
          }>('{ containers(first: 500) { nodes { id name server { id } } } }');
          const found = containers.nodes.find(({ name }) => name === box.name);
          return found && { serverId: found.server.id, containerId: found.id };
        },
        'the container to be seen',
        { limit: 60_000 },
      );
    });

    afterAll(async () => {
      await plane?.[Symbol.asyncDispose]();
      await box?.[Symbol.asyncDispose]();
    });

    /** What an example needs, by the name of the block. */
    const variables = (name: string | undefined): Record<string, unknown> => {
      const to = Date.now();
      const needed: Record<string, Record<string, unknown>> = {
        history: { ...target, from: new Date(to - 3_600_000).toISOString(), to: new Date(to).toISOString() },
        logs: target,
        'restart-container': { input: target },
        bulk: { targets: [target] },
      };
      return needed[name ?? ''] ?? {};
    };

    test('there is one for each area', () => {
      expect(examples.length).toBeGreaterThan(10);
    });

    test.each(examples)('$run', async ({ run, text }) => {
      if (/^subscription/m.test(text)) {
        await using subscription = admin.subscribe<Record<string, unknown>>(text, variables(run));
        expect(await subscription.next(undefined, run, 30_000)).toBeTypeOf('object');
        return;
      }
      const { data, errors } = await admin.answer<Record<string, unknown>>(text, variables(run));
      expect(errors).toBeUndefined();
      expect(JSON.stringify(data)).not.toContain('"ok":false');
    });
  },
);
