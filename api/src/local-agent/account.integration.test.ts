import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeWith } from '../../../testing/parts.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { agentAccount, groupOfDocker } from './account.ts';

const passwd = 'root:x:0:0::/:/bin/sh\nsomeone:x:60883:60883::/:/bin/sh\n';

describeWith('root', "the account of root's agent", () => {
  test('is a number that nobody has, with the group that may use Docker', async () => {
    await using dir = await tempDir();
    expect(agentAccount(dir.path, { passwd, dockerGroup: 998 })).toEqual({ uid: 60_884, gid: 998 });
    expect(agentAccount(dir.path, { passwd, dockerGroup: undefined })).toEqual({ uid: 60_884, gid: 60_884 });
  });

  test('stays the owner of the state that is there', async () => {
    await using dir = await tempDir();
    chownSync(dir.path, 60_900, 60_900);
    expect(agentAccount(dir.path, { passwd, dockerGroup: 5 })).toEqual({ uid: 60_900, gid: 5 });
  });

  test('gets the group of a socket that its group may use, and never the group of root', async () => {
    await using dir = await tempDir();
    const socket = dir.file('docker.sock');
    expect(groupOfDocker(socket)).toBeUndefined();
    writeFileSync(socket, '');
    chmodSync(socket, 0o660);
    expect(groupOfDocker(socket)).toBeUndefined();
    chownSync(socket, 0, 998);
    expect(groupOfDocker(socket)).toBe(998);
    chmodSync(socket, 0o600);
    expect(groupOfDocker(socket)).toBeUndefined();
  });
});
