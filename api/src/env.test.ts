import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../testing/tmp.ts';
import { readEnvironment } from './env.ts';

const sentenceFor = (settings: Record<string, string>): string => {
  try {
    readEnvironment(settings);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'accepted';
};

describe('readEnvironment', () => {
  it('has a default for everything', () => {
    expect(readEnvironment({})).toEqual({
      port: 4000,
      host: '127.0.0.1',
      publicUrl: undefined,
      tls: undefined,
      tlsMinVersion: 'TLSv1.3',
      trustProxy: { kind: 'none' },
      corsOrigins: new Set(),
      graphiql: true,
      dataDir: resolve('data'),
      databaseUrl: undefined,
      admin: undefined,
      localAgent: true,
      inContainer: false,
      logLevel: 'info',
      warnings: [],
    });
  });

  it('takes an empty variable for an unset one', () => {
    expect(readEnvironment({ PORT: '', PUBLIC_URL: '', DATABASE_URL: '' })).toMatchObject({
      port: 4000,
      publicUrl: undefined,
      databaseUrl: undefined,
    });
  });

  it('reads every setting', () => {
    const env = readEnvironment({
      PORT: '0',
      HOST: '::',
      PUBLIC_URL: 'https://Kit.example:8443/',
      TLS_CERT: 'c.pem',
      TLS_KEY: '/etc/k.pem',
      TLS_MIN_VERSION: '1.2',
      TRUST_PROXY: 'loopback,10.1.0.0/16',
      SERVERKIT_CORS_ORIGINS: 'https://tool.example, http://localhost:5173',
      SERVERKIT_GRAPHIQL: 'off',
      SERVERKIT_DATA_DIR: 'elsewhere',
      DATABASE_URL: 'postgresql://u:p@db:5433/kit',
      SERVERKIT_ADMIN_EMAIL: 'a@b.example',
      SERVERKIT_ADMIN_PASSWORD: 'a long password',
      SERVERKIT_LOCAL_AGENT: 'off',
      container: 'docker',
      LOG_LEVEL: 'debug',
    });
    expect(env).toMatchObject({
      port: 0,
      host: '::',
      publicUrl: 'https://kit.example:8443',
      tls: { certFile: resolve('c.pem'), keyFile: '/etc/k.pem' },
      tlsMinVersion: 'TLSv1.2',
      trustProxy: { kind: 'list' },
      corsOrigins: new Set(['https://tool.example', 'http://localhost:5173']),
      graphiql: false,
      dataDir: resolve('elsewhere'),
      databaseUrl: 'postgresql://u:p@db:5433/kit',
      admin: { email: 'a@b.example', password: 'a long password' },
      localAgent: false,
      inContainer: true,
      logLevel: 'debug',
    });
  });

  it.each([
    [{ PORT: '65536' }, 'PORT must be a number from 0 to 65535.'],
    [{ PORT: '4000x' }, 'PORT must be a number from 0 to 65535.'],
    [{ HOST: 'http://x' }, 'HOST must be an IP address or a host name.'],
    [{ PUBLIC_URL: 'kit.example' }, 'PUBLIC_URL is not a URL; write it like https://serverkit.example.com.'],
    [{ PUBLIC_URL: 'ftp://kit.example' }, 'PUBLIC_URL must start with https:// or http://.'],
    [{ PUBLIC_URL: 'https://u:p@kit.example' }, 'PUBLIC_URL must not contain a user name or password.'],
    [
      { PUBLIC_URL: 'https://kit.example/app' },
      'PUBLIC_URL must be an origin without a path; ServerKit serves the root of its own host name.',
    ],
    [{ TLS_CERT: 'c.pem' }, 'TLS_CERT is set but TLS_KEY is not; set both or neither.'],
    [{ TLS_KEY: 'k.pem' }, 'TLS_KEY is set but TLS_CERT is not; set both or neither.'],
    [{ TLS_MIN_VERSION: '1.1' }, 'TLS_MIN_VERSION must be 1.2 or 1.3.'],
    [
      { TRUST_PROXY: 'sometimes' },
      'TRUST_PROXY must be on, a number of proxies, or a list of addresses and networks such as loopback,10.0.0.0/8.',
    ],
    [
      { SERVERKIT_ADMIN_EMAIL: 'a@b.example' },
      'SERVERKIT_ADMIN_EMAIL is set but SERVERKIT_ADMIN_PASSWORD is not; set both or neither.',
    ],
    ...[
      '*',
      'https://*.tool.example',
      'https://tool.example/',
      'null',
      'tool.example',
      'HTTPS://tool.example',
    ].map((value): [{ SERVERKIT_CORS_ORIGINS: string }, string] => [
      { SERVERKIT_CORS_ORIGINS: value },
      `SERVERKIT_CORS_ORIGINS must list exact origins such as https://tool.example, without a path or *; ${value} is none.`,
    ]),
    [{ SERVERKIT_GRAPHIQL: 'yes' }, 'SERVERKIT_GRAPHIQL must be on or off.'],
    [{ SERVERKIT_LOCAL_AGENT: 'yes' }, 'SERVERKIT_LOCAL_AGENT must be on or off.'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent.'],
  ])('refuses %o in one sentence', (settings, sentence) => {
    expect(sentenceFor(settings)).toBe(sentence);
  });

  it.each([
    "https://kit'.example",
    'https://kit$(id).example',
    'https://kit`id`.example',
    'https://kit;id',
    'https://*.example',
    'https://kit..example',
    'https://-kit.example',
    'https://kit.example.',
  ])('refuses PUBLIC_URL %s, which would become part of commands for root', (PUBLIC_URL) => {
    expect(sentenceFor({ PUBLIC_URL })).toMatch(/^PUBLIC_URL (must name a host|is not a URL)/);
  });

  it.each([
    'https://kit.example',
    'https://my_host',
    'https://xn--mnchen-3ya.example',
    'http://10.0.0.5:4000',
    'https://[fd00::5]',
  ])('takes PUBLIC_URL %s', (PUBLIC_URL) => {
    expect(readEnvironment({ PUBLIC_URL }).publicUrl).toBe(PUBLIC_URL);
  });

  it.each(['0', '127.1', '0x7f000001', 'kit..example', '*', 'kit.example:80', 'kit example'])(
    'refuses HOST %s',
    (HOST) => {
      expect(sentenceFor({ HOST })).toBe('HOST must be an IP address or a host name.');
    },
  );

  it('never repeats a database password', () => {
    const sentence = sentenceFor({ DATABASE_URL: 'mysql://root:hunter2@db/kit' });
    expect(sentence).toBe(
      'DATABASE_URL must be a PostgreSQL URL like postgresql://user:password@host:5432/name.',
    );
  });

  it('refuses a slip of the pen and names the setting that was meant', () => {
    expect(sentenceFor({ SERVERKIT_LOCALAGENT: 'off' })).toBe(
      'SERVERKIT_LOCALAGENT is not a setting of ServerKit; did you mean SERVERKIT_LOCAL_AGENT?',
    );
  });

  it('warns of a stranger under our prefix', () => {
    expect(readEnvironment({ SERVERKIT_TOKEN: 'x' }).warnings).toEqual([
      'SERVERKIT_TOKEN is not a setting of ServerKit and was ignored.',
    ]);
  });
});

describe('a secret in a file', () => {
  const url = 'postgresql://u:hunter2@db:5433/kit';

  it('is read without the line break at its end', async () => {
    await using dir = await tempDir();
    writeFileSync(dir.file('url'), `${url}\n`);
    writeFileSync(dir.file('password'), ' a long password \r\n');
    const env = readEnvironment({
      DATABASE_URL_FILE: dir.file('url'),
      SERVERKIT_ADMIN_EMAIL: 'a@b.example',
      SERVERKIT_ADMIN_PASSWORD_FILE: dir.file('password'),
    });
    expect(env).toMatchObject({
      databaseUrl: url,
      admin: { email: 'a@b.example', password: ' a long password ' },
      warnings: [],
    });
  });

  it('is not read beside the setting itself', () => {
    expect(sentenceFor({ DATABASE_URL: url, DATABASE_URL_FILE: '/nowhere' })).toBe(
      'DATABASE_URL and DATABASE_URL_FILE are both set; set one of them.',
    );
  });

  it('must be there', async () => {
    await using dir = await tempDir();
    expect(sentenceFor({ DATABASE_URL_FILE: dir.file('none') })).toBe(
      `DATABASE_URL_FILE names ${dir.file('none')}, which cannot be read (ENOENT).`,
    );
    writeFileSync(dir.file('empty'), '\n');
    expect(sentenceFor({ DATABASE_URL_FILE: dir.file('empty') })).toBe(
      `DATABASE_URL_FILE names ${dir.file('empty')}, which is empty.`,
    );
  });

  it('is checked like the setting, and never repeated', async () => {
    await using dir = await tempDir();
    writeFileSync(dir.file('url'), 'mysql://root:hunter2@db/kit');
    expect(sentenceFor({ DATABASE_URL_FILE: dir.file('url') })).toMatch(/^DATABASE_URL must be a PostgreSQL/);
  });
});
