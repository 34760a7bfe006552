import { expect } from 'vitest';
import { docker } from '../../../testing/docker.ts';
import { testImages } from '../../../testing/images.ts';
import { removeComposeProject, uniqueProject } from '../../../testing/product/compose-project.ts';
import { freshImage, registry } from '../../../testing/registry.ts';
import { cliJson, type Comparison } from '../comparison.ts';
import type { DockerRig } from '../rig.ts';

/** Begins it on the one server there is, and waits for the whole to be done. */
async function done(rig: DockerRig, field: string, given: object): Promise<void> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  const begun = await rig.query<Record<string, { readonly job: { readonly id: string } }>>(
    `mutation ($input: ${type}!) { ${field}(input: $input) { job { id } } }`,
    { input: { serverIds: [rig.serverId], ...given } },
  );
  interface Event {
    readonly jobEvents: { readonly job: { readonly state: string; readonly errorMessage: string | null } };
  }
  await using events = rig.client.subscribe<Event>(
    'subscription ($id: ID!) { jobEvents(id: $id) { job { state errorMessage } } }',
    { id: begun[field]?.job.id },
  );
  const { jobEvents } = await events.next(({ jobEvents: { job } }) => job.state !== 'RUNNING', 'its end');
  expect(jobEvents.job).toEqual({ state: 'SUCCEEDED', errorMessage: null });
}

const compose = `services:
  web:
    image: ${testImages.busybox}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
`;

interface Planned {
  readonly planFleetDeployment: readonly {
    readonly plan: { readonly version: number | null; readonly services: readonly object[] } | null;
  }[];
}

export const fleetWork: readonly Comparison[] = [
  {
    title: 'a stack that is planned for many servers and deployed to them',
    covers: ['Query.planFleetDeployment', 'FleetStackPlan.plan', 'Mutation.deployStackToMany'],
    async run(rig) {
      const name = uniqueProject();
      const plan = async () => {
        const { planFleetDeployment } = await rig.query<Planned>(
          `query ($input: PlanFleetDeploymentInput!) { planFleetDeployment(input: $input) {
            plan { version services { service action currentImageId } } } }`,
          { input: { serverIds: [rig.serverId], name, files: { compose } } },
        );
        return planFleetDeployment;
      };
      try {
        expect(await plan()).toMatchObject([{ plan: { version: null, services: [{ action: 'CREATE' }] } }]);
        await done(rig, 'deployStackToMany', { name, files: { compose } });
        const filter = `label=com.docker.compose.project=${name}`;
        const runs = (await docker('ps', '--no-trunc', '--filter', filter, '--format', '{{.ID}}')).trim();
        const [{ Image }] = await cliJson<[{ readonly Image: string }]>('inspect', runs);
        expect(await plan()).toEqual([
          { plan: { version: 1, services: [{ service: 'web', action: 'NONE', currentImageId: Image }] } },
        ]);
      } finally {
        await removeComposeProject(name);
      }
    },
  },
  {
    title: 'an image that is pulled on many servers',
    covers: ['Mutation.pullImageOnMany'],
    async run(rig) {
      await using hub = await registry();
      const fresh = await freshImage();
      const reference = await hub.push(fresh, 'team/many:1');
      await docker('rmi', fresh);
      await done(rig, 'pullImageOnMany', { reference });
      try {
        expect(await docker('images', '--quiet', reference)).not.toBe('');
      } finally {
        await docker('rmi', reference);
      }
    },
  },
];
