import { statSync } from 'node:fs';
import path from 'node:path';
import { isRecord } from '@serverkit/wire/compose-file.ts';
import { array, object } from '../docker/json.ts';
import { parseBind } from '../docker/privilege/mounts.ts';
import { systemCode } from '../errors.ts';
import type { TreeFile } from './git-tree.ts';
import type { Normalised } from './normalise.ts';
import { isInside } from './references.ts';

/** More are not read by anybody. */
const MAX_TOLD = 20;

/** The engine makes an empty folder of a source that is not there, which many a stack wants; a file it is never meant to be. */
const namesFile = /\.(?!d$)\w+$|file$/i;

/**
 * What a stack refers to in its folder and is not there, in words: Compose itself says so of what it reads, and of the rest
 * only the engine, in the middle of a deployment. Of what is elsewhere nothing is told, not even whether it is there.
 *
 * @param beside - as that of a draft
 */
export function missingIn(
  { value, services, folder }: Pick<Normalised, 'value' | 'services' | 'folder'>,
  beside: readonly TreeFile[] = [],
): string[] {
  /** Its name in the folder, if it is one that is not there. */
  function missing(source: unknown): string | undefined {
    if (typeof source !== 'string' || !path.isAbsolute(source)) return undefined;
    // Compose writes a dollar twice, and reads it once.
    const meant = source.replaceAll('$$', '$');
    if (!isInside(folder, meant) || isThere(meant)) return undefined;
    const name = path.relative(folder, meant);
    if (name === '' || beside.some((file) => file.path === name || file.path.startsWith(`${name}/`)))
      return undefined;
    return name;
  }

  const told: string[] = [];
  for (const section of ['configs', 'secrets']) {
    for (const [key, one] of Object.entries(object(value[section]))) {
      const name = isRecord(one) ? missing(one['file']) : undefined;
      if (name !== undefined)
        told.push(
          `${section}.${key}: there is no ${name} in the stack's folder, so what uses it cannot start.`,
        );
    }
  }
  for (const [service, given] of services) {
    for (const one of array(given['volumes'])) {
      const { source, target, made } = bindOf(one);
      const name = missing(source);
      if (name === undefined) continue;
      if (!made) told.push(`${service}: there is no ${name} in the stack's folder, so it cannot start.`);
      else if (namesFile.test(name) || namesFile.test(target))
        told.push(`${service}: there is no ${name} in the stack's folder; an empty folder is made of it.`);
    }
    const name = missing(isRecord(given['build']) ? given['build']['context'] : given['build']);
    if (name !== undefined)
      told.push(`${service}: there is no ${name} in the stack's folder, so it cannot be built.`);
  }
  return [...new Set(told)].slice(0, MAX_TOLD);
}

interface Bind {
  readonly source: unknown;
  readonly target: string;
  /** Whether the engine makes what is not there. */
  readonly made: boolean;
}

/** The first Compose writes a mount in one text, the second in parts. */
function bindOf(one: unknown): Bind {
  if (typeof one === 'string') {
    const { source, target = '' } = parseBind(one) ?? {};
    return { source, target, made: true };
  }
  const { type, source, target, bind } = object(one);
  return {
    source: type === 'bind' ? source : undefined,
    target: String(target),
    made: object(bind)['create_host_path'] === true,
  };
}

/** What cannot be looked at may be. */
function isThere(file: string): boolean {
  try {
    statSync(file);
    return true;
  } catch (error) {
    const code = systemCode(error);
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}
