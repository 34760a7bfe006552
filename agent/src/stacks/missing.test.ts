import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { servicesOf } from '@serverkit/wire/compose-secrets.ts';
import { expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { missingIn } from './missing.ts';

test('what lies beside a stack and is not there is told once, and nothing is told of the rest of the host', async () => {
  await using dir = await tempDir('sk-missing-');
  const folder = dir.file('shop');
  await mkdir(folder);
  await writeFile(`${folder}/here.conf`, '');
  await symlink('/', `${folder}/link`);
  const bind = (source: string, target: string, made?: boolean) => ({
    type: 'bind',
    source,
    target,
    ...(made && { bind: { create_host_path: true } }),
  });
  const value = {
    services: {
      first: {
        volumes: [
          `${folder}/a.conf:/etc/a.conf:rw`,
          `${folder}/a.conf:/etc/b.conf:rw`,
          `${folder}/data:/data:rw`,
          `${folder}/cost$$.txt:/cost:rw`,
          `${folder}/here.conf:/here:rw`,
          `${folder}/link/nowhere.conf:/nowhere:rw`,
          '/nowhere.conf:/nowhere:rw',
          'named:/named:rw',
        ],
        build: { context: `${folder}/app` },
      },
      second: {
        volumes: [
          bind(`${folder}/Caddyfile`, '/etc/caddy', true),
          bind(`${folder}/conf.d`, '/conf.d', true),
          bind(`${folder}/plain`, '/plain'),
          bind(`${folder}/laid/by`, '/laid.conf', true),
        ],
        build: { context: `${folder}/laid` },
      },
    },
    configs: { c: { file: `${folder}/c.json` } },
    secrets: { s: { file: '/nowhere' }, e: { environment: 'E' } },
  };
  const beside = [{ path: 'laid/by', executable: false, bytes: Buffer.from('') }];
  const none = (name: string) => `there is no ${name} in the stack's folder`;
  expect(missingIn({ value, services: servicesOf(value), folder }, beside)).toEqual([
    `configs.c: ${none('c.json')}, so what uses it cannot start.`,
    `first: ${none('a.conf')}; an empty folder is made of it.`,
    `first: ${none('cost$.txt')}; an empty folder is made of it.`,
    `first: ${none('app')}, so it cannot be built.`,
    `second: ${none('Caddyfile')}; an empty folder is made of it.`,
    `second: ${none('plain')}, so it cannot start.`,
  ]);
});
