import { readFileSync } from 'node:fs';
import { errorCode, StartupError } from './startup-error.ts';

/** Settings that hold a secret: each may stand in a file instead, which the variable `<NAME>_FILE` names. */
const secretSettings = ['DATABASE_URL', 'SERVERKIT_ADMIN_PASSWORD'] as const;

type Variables = Readonly<Record<string, string | undefined>>;

const fileSetting = (name: string): string => `${name}_FILE`;

/** The variables that name files, as far as their names are ours. */
export const fileSettings: readonly string[] = secretSettings.map(fileSetting);

/**
 * The settings with the secrets that stand in files, where no list of processes and no inspection of a container shows
 * them. A file ends as editors end it: the line break is not part of the secret.
 * @throws StartupError one sentence that never repeats a secret
 */
export function withSecretFiles(set: Variables): Variables {
  const secrets: [string, string][] = secretSettings.flatMap((name) => {
    const file = set[fileSetting(name)];
    if (file === undefined) return [];
    if (set[name] !== undefined) {
      throw new StartupError(`${name} and ${fileSetting(name)} are both set; set one of them.`);
    }
    return [[name, readSecret(fileSetting(name), file)] satisfies [string, string]];
  });
  const read: Variables = Object.fromEntries(secrets);
  return { ...set, ...read };
}

function readSecret(setting: string, file: string): string {
  let secret: string;
  try {
    secret = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new StartupError(`${setting} names ${file}, which cannot be read (${errorCode(error)}).`, {
      cause: error,
    });
  }
  if (secret === '') throw new StartupError(`${setting} names ${file}, which is empty.`);
  return secret;
}
