import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueAuthority, issueServer } from '../../api/src/http/issue-certificate.ts';
import { describeWith } from '../../testing/parts.ts';
import { tempDir } from '../../testing/tmp.ts';
import { paste } from './joining.ts';
import type { Machine } from './machine.ts';
import { invite, reachablePlane, statusOf, untilStatus, type ReachablePlane } from './plane.ts';
import { systemdMachine } from './systemd-machine.ts';

describeWith(
  ['docker', 'systemd-image'],
  "a control plane with a certificate from a company's authority",
  () => {
    const undo = new AsyncDisposableStack();
    let machine: Machine;
    let control: ReachablePlane;
    let authorityPem: string;

    beforeAll(async () => {
      machine = undo.use(await systemdMachine());
      const dir = undo.use(await tempDir());
      const authority = await issueAuthority();
      const leaf = await issueServer(authority, [machine.hostAddress]);
      authorityPem = authority.certificatePem;
      const [certFile, keyFile] = [dir.file('cert.pem'), dir.file('key.pem')];
      await writeFile(certFile, leaf.certificatePem);
      await writeFile(keyFile, leaf.keyPem);
      control = undo.use(await reachablePlane(machine.hostAddress, { authorityPem, certFile, keyFile }));
    });
    afterAll(() => undo.disposeAsync());

    test('is refused in words by a machine that does not trust it, though the download works', async () => {
      const { serverId, command } = await invite(control.client, 'stranger');
      const { code, output } = await paste(machine, command);
      expect({ code, output }).toEqual({
        code: 1,
        output: expect.stringMatching(/cannot reach \S+: its certificate .*not trusted/),
      });
      expect(await statusOf(control.client, serverId)).toBe('PENDING');
    });

    test('is joined by a machine that trusts the authority', async () => {
      await machine.exec('sh', '-c', `echo '${authorityPem}' >/usr/local/share/ca-certificates/company.crt`);
      await machine.exec('update-ca-certificates');
      const { serverId, command } = await invite(control.client, 'colleague');
      const { code, output } = await paste(machine, command);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Online.') });
      await untilStatus(control.client, serverId, 'ONLINE');
      expect(await machine.exec('cat', '/etc/serverkit-agent/config.yaml')).not.toContain('ca_file');
    });
  },
);
