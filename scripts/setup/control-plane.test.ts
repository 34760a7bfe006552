import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { controlPlane } from './control-plane.mjs';

test.each([
  ['deploy/serverkit.service', `ExecStart=/opt/serverkit/node_modules/.bin/node ${controlPlane.join(' ')}`],
  ['deploy/Dockerfile', `CMD ${JSON.stringify(['node', ...controlPlane]).replaceAll('","', '", "')}`],
])('%s runs the control plane with the same arguments', async (file, line) => {
  expect((await readFile(file, 'utf8')).split('\n')).toContain(line);
});
