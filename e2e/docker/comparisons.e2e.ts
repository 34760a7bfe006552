import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../../testing/parts.ts';
import { comparisons } from './comparisons/all.ts';
import { dockerRig, type DockerRig } from './rig.ts';

describeWith(
  ['root', 'docker', 'registry'],
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
