import { expect, test } from 'vitest';
import { composeInstall } from './compose-install.ts';

test.each([
  [
    'Debian GNU/Linux',
    'sudo apt-get update; sudo apt-get install -y docker-compose-plugin || sudo apt-get install -y docker-compose',
  ],
  [
    'Ubuntu',
    'sudo apt-get update; sudo apt-get install -y docker-compose-plugin || sudo apt-get install -y docker-compose-v2',
  ],
  ['Rocky Linux', 'sudo dnf install -y docker-compose-plugin'],
  ['Alpine Linux', 'apk add docker-cli-compose'],
])('Compose is installed on %s by its own package', (osName, command) => {
  expect(composeInstall(osName)).toBe(command);
});

test('where no package is known, it is Docker’s release, where the docker command looks', () => {
  const command = composeInstall('Slackware');
  expect(command).toContain('/usr/local/lib/docker/cli-plugins/docker-compose');
  expect(composeInstall(undefined)).toBe(command);
});
