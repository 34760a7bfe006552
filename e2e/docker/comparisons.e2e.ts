import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../../testing/parts.ts';
import { composeTools } from '../../testing/product/compose.ts';
import { comparisons } from './comparisons/all.ts';
import { stackFields } from './comparisons/stacks.ts';
import { dockerRig, type DockerRig } from './rig.ts';

describeWith(
  ['root', 'docker', 'registry', 'compose'],
  'what the API says of Docker is what the docker command says',
  () => {
    let rig: DockerRig;
    beforeAll(async () => {
      rig = await dockerRig();
    });
    afterAll(() => rig?.[Symbol.asyncDispose]());

    test.each(comparisons)('$title', async ({ covers, run }) => {
      rig.asked();
      await run(rig);
      const asked = rig.asked();
      expect(covers.filter((field) => !asked.has(field))).toEqual([]);
    });
  },
);

// What is above uses the Compose that an agent of this machine finds first.
describeWith(
  ['root', 'docker', 'registry', 'compose'],
  'stacks are told and worked on alike where there is the other Compose alone',
  () => {
    describe.each(composeTools().slice(1))('$title', (tool) => {
      let rig: DockerRig;
      beforeAll(async () => {
        rig = await dockerRig(tool);
      });
      afterAll(() => rig?.[Symbol.asyncDispose]());

      test.each(stackFields)('$title', ({ run }) => run(rig));
    });
  },
);
