import { isIP } from 'node:net';
import { resolve } from 'node:path';
import * as z from 'zod';
import { fileSettings, withSecretFiles } from './env-files.ts';
import { StartupError } from './startup-error.ts';
import { parseOrigins } from './http/cors.ts';
import { parseTrustProxy, type TrustProxy } from './http/trust-proxy.ts';

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** The settings of the process, read once from the environment. */
export interface Environment {
  /** 0 lets the system choose. @default 4000 */
  readonly port: number;
  /** @default '127.0.0.1' */
  readonly host: string;
  /** Base URL without a trailing slash. */
  readonly publicUrl: string | undefined;
  /** Paths of PEM files; both or neither. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** @default 'TLSv1.3' */
  readonly tlsMinVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly trustProxy: TrustProxy;
  /** Origins of pages that may use the API with a token. @default none */
  readonly corsOrigins: ReadonlySet<string>;
  /** Whether to serve GraphiQL to who is signed in. @default true */
  readonly graphiql: boolean;
  /** Absolute. @default './data' */
  readonly dataDir: string;
  /** undefined = embedded PostgreSQL */
  readonly databaseUrl: string | undefined;
  /** Creates the first admin unattended. */
  readonly admin: { readonly email: string; readonly password: string } | undefined;
  /** Whether to run an agent for this machine. @default true */
  readonly localAgent: boolean;
  /** Where its stacks have their files. Absolute. @default below the agent's own, or in /var/lib where root runs it */
  readonly stacksDir: string | undefined;
  /**
   * Whether our own addresses are those of a container, of no use to other machines. `container` says so, as systemd's
   * container interface has it; images set it.
   */
  readonly inContainer: boolean;
  /** The file that holds the passphrase of archives, for `npm run backup` and `npm run restore`. */
  readonly passphraseFile: string | undefined;
  /** @default 'info' */
  readonly logLevel: (typeof levels)[number];
  /** Sentences about settings that were ignored, for the log. */
  readonly warnings: readonly string[];
}

/** Our own variables. One that only resembles them is refused as a slip of the pen. */
const known: readonly string[] = [
  'SERVERKIT_DATA_DIR',
  'SERVERKIT_ADMIN_EMAIL',
  'SERVERKIT_ADMIN_PASSWORD',
  'SERVERKIT_LOCAL_AGENT',
  'SERVERKIT_STACKS_DIR',
  'SERVERKIT_CORS_ORIGINS',
  'SERVERKIT_BACKUP_PASSPHRASE_FILE',
  'SERVERKIT_GRAPHIQL',
  ...fileSettings,
];

/** Edits that still make a name a slip of a known one rather than somebody else's variable. */
const slip = 4;

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number from 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65_535, 'must be a number from 0 to 65535');

/**
 * A name that DNS or a hosts file may hold (RFC 1123, with the underscore that machines get away with). One that ends in
 * a number is an address written in a way of its own (`127.1`, `0`), which each program reads in another way.
 */
function isHostName(value: string): boolean {
  const labels = value.toLowerCase().split('.');
  return (
    value.length <= 253 &&
    labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)) &&
    !/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')
  );
}

const host = z
  .string()
  .refine((value) => isIP(value) !== 0 || isHostName(value), 'must be an IP address or a host name');

const publicUrl = z.string().transform((value, context) => {
  const url = URL.parse(value);
  const reason = !url
    ? 'is not a URL; write it like https://serverkit.example.com'
    : url.protocol !== 'https:' && url.protocol !== 'http:'
      ? 'must start with https:// or http://'
      : url.username || url.password
        ? 'must not contain a user name or password'
        : url.pathname !== '/' || url.search || url.hash
          ? 'must be an origin without a path; ServerKit serves the root of its own host name'
          : // It becomes part of commands that people paste into root's shell.
            isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 && !isHostName(url.hostname)
            ? 'must name a host, like https://serverkit.example.com'
            : url.port === '0'
              ? 'must not name port 0'
              : undefined;
  if (!url || reason) {
    context.addIssue({ code: 'custom', message: reason ?? 'is not a URL' });
    return z.NEVER;
  }
  return url.origin;
});

const databaseUrl = z.string().refine((value) => {
  const protocol = URL.parse(value)?.protocol;
  return protocol === 'postgresql:' || protocol === 'postgres:';
}, 'must be a PostgreSQL URL like postgresql://user:password@host:5432/name');

/** @param parse - answers what is wrong as a string */
const parsedBy = <Value extends object>(parse: (text: string) => Value | string) =>
  z.string().transform((text, context): Value => {
    const parsed = parse(text);
    if (typeof parsed === 'object') return parsed;
    context.addIssue({ code: 'custom', message: parsed });
    return z.NEVER;
  });

const shape = z.object({
  PORT: port.default(4000),
  HOST: host.default('127.0.0.1'),
  PUBLIC_URL: publicUrl.optional(),
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  TLS_MIN_VERSION: z.enum(['1.2', '1.3'], 'must be 1.2 or 1.3').default('1.3'),
  TRUST_PROXY: parsedBy(parseTrustProxy).default({ kind: 'none' }),
  SERVERKIT_CORS_ORIGINS: parsedBy(parseOrigins).default(new Set<string>()),
  SERVERKIT_GRAPHIQL: z.enum(['on', 'off'], 'must be on or off').default('on'),
  SERVERKIT_DATA_DIR: z.string().default('./data'),
  DATABASE_URL: databaseUrl.optional(),
  SERVERKIT_ADMIN_EMAIL: z.email('must be an e-mail address').optional(),
  SERVERKIT_ADMIN_PASSWORD: z.string().optional(),
  SERVERKIT_LOCAL_AGENT: z.enum(['on', 'off'], 'must be on or off').default('on'),
  SERVERKIT_STACKS_DIR: z.string().optional(),
  SERVERKIT_BACKUP_PASSPHRASE_FILE: z.string().optional(),
  LOG_LEVEL: z.enum(levels, `must be one of ${levels.join(', ')}`).default('info'),
});

/**
 * Reads and checks the environment. An empty variable counts as unset, as container files often leave them so.
 * @throws StartupError one sentence that names the variable and never repeats a secret
 */
export function readEnvironment(source: Readonly<Record<string, string | undefined>>): Environment {
  const set = Object.fromEntries(
    Object.entries(source).filter(([, value]) => value !== undefined && value !== ''),
  );
  const warnings = unknownNames(Object.keys(set));
  const parsed = shape.safeParse(withSecretFiles(set));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StartupError(`${issue?.path.join('.') ?? 'A setting'} ${issue?.message ?? 'is not valid'}.`);
  }
  const values = parsed.data;
  return {
    port: values.PORT,
    host: values.HOST,
    publicUrl: values.PUBLIC_URL,
    tls: both('TLS_CERT', values.TLS_CERT, 'TLS_KEY', values.TLS_KEY, (certFile, keyFile) => ({
      certFile: resolve(certFile),
      keyFile: resolve(keyFile),
    })),
    tlsMinVersion: values.TLS_MIN_VERSION === '1.2' ? 'TLSv1.2' : 'TLSv1.3',
    trustProxy: values.TRUST_PROXY,
    corsOrigins: values.SERVERKIT_CORS_ORIGINS,
    graphiql: values.SERVERKIT_GRAPHIQL === 'on',
    dataDir: resolve(values.SERVERKIT_DATA_DIR),
    databaseUrl: values.DATABASE_URL,
    admin: both(
      'SERVERKIT_ADMIN_EMAIL',
      values.SERVERKIT_ADMIN_EMAIL,
      'SERVERKIT_ADMIN_PASSWORD',
      values.SERVERKIT_ADMIN_PASSWORD,
      (email, password) => ({ email, password }),
    ),
    localAgent: values.SERVERKIT_LOCAL_AGENT === 'on',
    stacksDir: values.SERVERKIT_STACKS_DIR === undefined ? undefined : resolve(values.SERVERKIT_STACKS_DIR),
    inContainer: set['container'] !== undefined,
    passphraseFile: values.SERVERKIT_BACKUP_PASSPHRASE_FILE,
    logLevel: values.LOG_LEVEL,
    warnings,
  };
}

function both<Pair>(
  nameA: string,
  a: string | undefined,
  nameB: string,
  b: string | undefined,
  combine: (a: string, b: string) => Pair,
): Pair | undefined {
  if (a !== undefined && b !== undefined) return combine(a, b);
  if (a === undefined && b === undefined) return undefined;
  const [given, missing] = a === undefined ? [nameB, nameA] : [nameA, nameB];
  throw new StartupError(`${given} is set but ${missing} is not; set both or neither.`);
}

/** @throws StartupError for a name that is close to one of ours: `SERVERKIT_LOCALAGENT=off` must not be lost */
function unknownNames(names: readonly string[]): string[] {
  const strangers = names.filter((name) => name.startsWith('SERVERKIT_') && !known.includes(name));
  for (const stranger of strangers) {
    const near = known.find((name) => distance(stranger, name) <= slip);
    if (near) throw new StartupError(`${stranger} is not a setting of ServerKit; did you mean ${near}?`);
  }
  return strangers.map((name) => `${name} is not a setting of ServerKit and was ignored.`);
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitute));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
