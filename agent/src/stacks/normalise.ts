import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isRecord, jsonForCompose, MAX_PROBLEMS, type ComposeFile } from '@serverkit/wire/compose-file.ts';
import { markSecrets, secretNamesIn, servicesOf } from '@serverkit/wire/compose-secrets.ts';
import { AgentError } from '../errors.ts';
import { writeWhole } from '../files.ts';
import { valuesOf } from './begin.ts';
import { checkSize, ofStack, readComposeFile } from './compose-file.ts';
import type { ComposeFinder, ComposeTool } from './compose-tool.ts';
import type { TreeFile } from './git-tree.ts';
import { mapTexts, withMirror } from './mirror.ts';
import { missingIn } from './missing.ts';
import { neverPulling } from './never-pull.ts';
import { MAX_REPLICAS } from './plan.ts';
import { StackError, type StackProblem } from './problem.ts';
import { entriesIn, entriesOf, readReferences } from './references.ts';
import type { RunCompose } from './run.ts';
import { checkSecrets, drawMark, settleSecrets } from './secrets.ts';
import type { StackFiles } from './store.ts';

/** To read and print a file. Ms. */
const PATIENCE = 60_000;
const MAX_MESSAGE = 500;
/** Of one stack. Each is asked about at the engine, all at once. */
const MAX_SERVICES = 500;
/** Of one stack. Each is a process and an address of the host. */
const MAX_CONTAINERS = 1000;

export interface Draft {
  readonly name: string;
  readonly files: StackFiles;
  /** Where it has its files, or would have. */
  readonly folder: string;
  /**
   * Files of a repository, which would lie in the folder: they are read, and nothing that is there. Nobody who can push
   * one gets a secret by it.
   *
   * @default those in the folder are
   */
  readonly beside?: readonly TreeFile[] | undefined;
}

/** A stack as Compose understood it. */
export interface Normalised {
  readonly name: string;
  readonly folder: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** What is judged and what is run, in one: nothing is read from a file again between the two. */
  readonly json: string;
  readonly services: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Values of the lists of variables that it was made of, which are told in confidence. */
  readonly confidential: readonly string[];
  /** What is not there beside it, and what Compose warned of, such as variables that are not set. */
  readonly warnings: readonly string[];
  readonly tool: ComposeTool;
}

export interface Normaliser {
  /** Makes nothing and asks the engine nothing. @throws StackError, AgentError */
  normalise(draft: Draft, signal: AbortSignal): Promise<Normalised>;
  /** What was understood once, by a deployment, to be run again. @throws AgentError COMPOSE_UNAVAILABLE */
  kept(target: Omit<RunTarget, 'tool'>): Promise<Normalised>;
  /** What Compose marks the containers of each service with, so that it knows whether they are as they should be. */
  hashes(stack: Normalised, signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** Runs Compose on what it was understood as. */
  run: (stack: RunTarget, args: readonly string[], call: RunCall) => ReturnType<RunCompose>;
}

/** What Compose is run on. */
export type RunTarget = Pick<Normalised, 'name' | 'folder' | 'json' | 'tool'>;

export interface RunCall {
  readonly signal: AbortSignal;
  /** As that of {@link RunCompose}. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string, stream: 'STDOUT' | 'STDERR') => void;
  /** As that of {@link RunCompose}. */
  readonly ready?: () => Promise<void>;
}

export interface NormaliserOptions {
  readonly run: RunCompose;
  readonly finder: ComposeFinder;
  /** Of the agent's own, for what only lives as long as a command. */
  readonly scratch: string;
}

/** What an agent that was killed in the middle of a command left behind: it holds what a stack is told in confidence. */
function sweep(scratch: string): void {
  let left: string[] = [];
  try {
    left = readdirSync(scratch);
  } catch {
    // It is made with the first file.
  }
  for (const file of left.filter((name) => /^[0-9a-f]{16}(\.(env|json))?$/.test(name))) {
    rmSync(path.join(scratch, file), { recursive: true, force: true });
  }
}

export function createNormaliser({ run, finder, scratch }: NormaliserOptions): Normaliser {
  sweep(scratch);

  async function withFile<Result>(
    kind: string,
    text: string,
    use: (file: string) => Promise<Result>,
  ): Promise<Result> {
    const file = path.join(scratch, `${randomBytes(8).toString('hex')}.${kind}`);
    writeWhole(file, text, 0o600);
    try {
      return await use(file);
    } finally {
      rmSync(file, { force: true });
    }
  }

  /** The first Compose reads some of its input twice, which a pipe does not allow, and takes its paths from elsewhere then. */
  function runWith(
    { name, folder, json, tool }: RunTarget,
    env: string,
    args: readonly string[],
    call: RunCall,
  ): ReturnType<RunCompose> {
    return withFile('env', env, (envFile) => {
      const runOn = (file: string, input: string): ReturnType<RunCompose> =>
        run(tool.command, {
          ...call,
          input,
          args: [
            '--ansi',
            'never',
            '--project-name',
            name,
            '--project-directory',
            folder,
            '--env-file',
            envFile,
            '--file',
            file,
            ...args,
          ],
        });
      return tool.generation === 1 ? withFile('json', json, (file) => runOn(file, '')) : runOn('-', json);
    });
  }

  // Interpolated already, and a .env that happens to lie in the folder must not change it any more.
  const runOn: Normaliser['run'] = (stack, args, call) =>
    runWith({ ...stack, json: neverPulling(stack) }, '', args, call);

  return {
    async normalise({ name, files, folder, beside }, outer) {
      checkSize(files.env, 'The env file');
      checkVariables(files.env);
      const file = readComposeFile(files.compose);
      checkServices(servicesOf(file.value));
      const tool = await finder.find();
      checkName(file, name, tool);
      const read = readReferences(file, files.env, beside ? entriesOf(beside) : entriesIn(folder));
      const signal = AbortSignal.any([outer, AbortSignal.timeout(PATIENCE)]);
      const format = tool.generation === 1 ? [] : ['--format', 'json'];
      const mark = drawMark();
      const json = jsonForCompose(ofStack(() => markSecrets(file, mark)));
      return withMirror(scratch, folder, read, async (mirror) => {
        const { code, stdout, stderr } = await runWith(
          { name, folder: mirror.folder, json, tool },
          files.env,
          ['config', ...format],
          { signal },
        );
        const said = mirror.settled(stderr);
        if (code !== 0) throw new StackError([problemOf(said, file)]);
        const understood = mapTexts(readComposeFile(stdout).value, mirror.settled);
        const value = settleSecrets(withoutWhatWasRead(isRecord(understood) ? understood : {}), mark, file);
        const services = servicesOf(value);
        // What it includes has services, too.
        checkServices(services);
        checkReplicas(services, file);
        checkSecrets({ value, services }, file);
        if (beside) refuseSecrets({ value });
        return {
          name,
          folder,
          value,
          json: jsonForCompose(value),
          services,
          confidential: [...read.lists.values()].flatMap(valuesOf),
          warnings: [...missingIn({ value, services, folder }, beside), ...warningsOf(said, tool)],
          tool,
        };
      });
    },

    async kept(target) {
      const { value } = readComposeFile(target.json);
      return {
        ...target,
        value,
        services: servicesOf(value),
        confidential: [],
        warnings: [],
        tool: await finder.find(),
      };
    },

    async hashes(stack, outer) {
      const signal = AbortSignal.any([outer, AbortSignal.timeout(PATIENCE)]);
      const { code, stdout, stderr } = await runOn(stack, ['config', '--hash', '*'], { signal });
      if (code !== 0) throw new AgentError('DOCKER_ERROR', lastWords(stderr));
      return new Map(
        stdout.split('\n').flatMap((line): [string, string][] => {
          const [service, hash] = line.trim().split(/\s+/);
          return service && hash ? [[service, hash]] : [];
        }),
      );
    },

    run: runOn,
  };
}

/** @throws StackError */
function checkServices({ size }: Normalised['services']): void {
  if (size <= MAX_SERVICES) return;
  throw new StackError([
    { line: null, message: `There are ${size} services; a stack may have ${MAX_SERVICES}.` },
  ]);
}

/** @throws StackError for so many containers that the host has no room for others */
function checkReplicas(services: Normalised['services'], file: ComposeFile): void {
  const counts = [...services].map(([name, { scale, deploy }]): [string, number] => {
    const given = [scale, isRecord(deploy) ? deploy['replicas'] : undefined].map(Number);
    return [name, Math.max(1, ...given.filter((count) => !Number.isNaN(count)))];
  });
  const [name, count] = counts.find(([, wanted]) => wanted > MAX_REPLICAS) ?? [];
  if (name !== undefined) {
    const message = `${name} has ${count} replicas; a service may have ${MAX_REPLICAS}.`;
    throw new StackError([{ line: file.lineOf(['services', name]), message }]);
  }
  const all = counts.reduce((sum, [, wanted]) => sum + wanted, 0);
  if (all <= MAX_CONTAINERS) return;
  throw new StackError([
    { line: null, message: `There are ${all} replicas in all; a stack may have ${MAX_CONTAINERS}.` },
  ]);
}

/** Another name in the file would be overruled in silence. */
function checkName(file: ComposeFile, name: string, tool: ComposeTool): void {
  const given = file.value['name'];
  if (given === undefined) return;
  const line = file.lineOf(['name']);
  if (tool.generation === 1) {
    throw new StackError([
      {
        line,
        message: `Compose ${tool.version} on this server does not know "name:"; leave it out, the stack has its name anyway.`,
      },
    ]);
  }
  if (given !== name) {
    throw new StackError([
      { line, message: `"name:" says ${JSON.stringify(given)}, but this stack is called "${name}".` },
    ]);
  }
}

/** @throws StackError */
function refuseSecrets(stack: Pick<Normalised, 'value'>): void {
  const [secret] = secretNamesIn(stack);
  if (secret === undefined) return;
  const message = `a stack from a repository gets no secrets, and this one asks for ${secret}: whoever can push there could have any of them told`;
  throw new StackError([{ line: null, message }]);
}

/**
 * Services that are left were asked for by a profile of the env file, and what their lists of variables and labels say
 * stands among their own: no file is read again.
 */
function withoutWhatWasRead(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const services = Object.fromEntries(
    [...servicesOf(value)].map(
      ([name, { profiles: _profiles, env_file: _lists, label_file: _labels, ...service }]) => [name, service],
    ),
  );
  return { ...value, services };
}

/** Of a list of variables, Compose quotes what may be a password. It is told no other lines. */
const quoting = /(\bline \d+: [^"'`]*?)\s*["'`].*$/s;

/** Compose names what it complains of as a path: that leads to the line. */
function problemOf(stderr: string, file: ComposeFile): StackProblem {
  const message = lastWords(stderr).replace(quoting, '$1');
  const named = /\b(services|networks|volumes|secrets|configs)\.([\w.-]+)/.exec(message)?.[0];
  const unknown = /Additional property (\S+)|Unsupported config option for \S+: '([^']+)'/.exec(message);
  const key = unknown?.[1] ?? unknown?.[2];
  const parts = named?.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const at = parts && [...parts, ...(key === undefined ? [] : [key])];
  const quoted = /service "?([\w-]+)"?/i.exec(message)?.[1];
  return { line: at ? file.lineOf(at) : quoted ? file.lineOf(['services', quoted]) : null, message };
}

const prefix = /^(validating [^:]*: |\S+: (?=yaml)|parsing [^:]*: |ERROR: )/;

/** What is left of Compose's complaint in one line, without its warnings and good advice. */
export function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== '' &&
        !/level=(warning|info)|^(WARNING|For more on|You might be seeing)|is invalid because:$/.test(line),
    );
  const said = lines
    .join(' ')
    .replace(prefix, '')
    .replaceAll(/\p{Cc}+/gu, ' ');
  if (said === '') return 'Compose failed without saying why.';
  return said.length > MAX_MESSAGE ? `${said.slice(0, MAX_MESSAGE - 1)}…` : said;
}

/** The second Compose would have it removed, and without it the first reads a file in its oldest form. */
const wantsNoVersion = /the attribute `version` is obsolete/;

/** The first Compose writes them plainly, and on success nothing else. */
function warningsOf(stderr: string, { generation }: ComposeTool): string[] {
  const found = stderr.split('\n').flatMap((line) => {
    const [, quoted] = /level=warning msg="((?:[^"\\]|\\.)*)"/.exec(line) ?? [];
    const plain = generation === 1 ? line.trim().replace(/^WARNING: /, '') : '';
    return quoted?.replaceAll('\\"', '"') ?? (plain === '' ? [] : plain);
  });
  return [...new Set(found.filter((warning) => !wantsNoVersion.test(warning)))]
    .slice(0, 50)
    .map((warning) => warning.slice(0, MAX_MESSAGE));
}

/** Compose hands its variables on to the programs it runs, and these steer the programs themselves. */
const steering =
  /^(?!COMPOSE_PROFILES$)(?:COMPOSE_|DOCKER_|BUILDKIT_|GIT_|SSH_|LD_|XDG_|PYTHON|PATH$|HOME$)/i;

/** A variable with a value in quotes, which may go over several lines, and what is behind it on its last line. */
const quotedVariable =
  /(?<![^\n])[^\n#=:"']*[=:](?:[^\S\n]|\u0085)*("(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|[^\n]*)([^\n]*)/g;

/**
 * @throws StackError for variables that are not for what is in the containers, and for more than one in a line: the second
 * Compose reads on behind a quoted value, and nobody looks there
 */
function checkVariables(env: string): void {
  const problems = env.split('\n').flatMap((line, index) => {
    const [, name = ''] = /^[\s\u0085]*(?:export[\s\u0085]+)?([^\s\u0085=:#]+)/.exec(line) ?? [];
    const message = `the env file must not set ${name}, which steers Compose itself`;
    return steering.test(name) ? [{ line: index + 1, message }] : [];
  });
  for (const { 0: found, 2: behind = '', index } of env.matchAll(quotedVariable)) {
    if (/^\s*(?:#|$)/.test(behind)) continue;
    const line = env.slice(0, index + found.length).split('\n').length;
    problems.push({ line, message: 'the env file must have a line of its own for each variable' });
  }
  if (problems.length > 0) throw new StackError(problems.slice(0, MAX_PROBLEMS));
}
