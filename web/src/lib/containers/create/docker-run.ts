import { otherValues, shorts, switches, values, type Reading, type Switch } from './docker-flags.ts';
import { shellLine, type ShellLine } from './shell-words.ts';
import { halves } from './short-forms.ts';
import { PasteError, type Found } from './spec.ts';

const programs = /^(.*\/)?(docker|podman|nerdctl)(\.exe)?$/;

const program = String.raw`(?:\S*/)?(?:docker|podman|nerdctl)(?:\.exe)?`;
/** Lines that say nothing to a shell. One that goes on with a program had the prompt of root copied along. */
const comments = new RegExp(
  String.raw`^(?:[ \t]*(?:#(?![ \t]+(?:sudo[ \t]|${program}[ \t])).*)?(?:\r?\n|$))+`,
);
const begin = String.raw`[ \t]*(?:[#$>][ \t]+)?(?:[A-Za-z_]\w*=\S*\s+)*(?:sudo\s+(?:-\S+\s+)*)?${program}\s+`;
const ofDocker = new RegExp(`^${begin}(?!-?compose)`);
const someRun = new RegExp(String.raw`^${begin}(?:container\s+)?(?:run|create)\s`, 'm');

/** From the first line that is one, without the prompt that was copied along. */
const commandsOf = (text: string): string => text.replace(comments, '').replace(/^\s*[#$>]\s+/, '');

/** Whether a text looks like a command rather than like a file. */
export function isCommand(pasted: string): boolean {
  const text = pasted.replace(comments, '');
  // In a file a command may stand as well, below a key.
  return ofDocker.test(text) || (!/^\s*(?:[\w."'-]+\s*:|---|[{[])/.test(text) && someRun.test(text));
}

/**
 * A `docker run` or `docker create` line as a spec. What stands before and after it is told as left out.
 *
 * @throws PasteError command, image, quote
 */
export function readDockerRun(pasted: string): Found {
  const before: string[] = [];
  for (let text = commandsOf(pasted); ;) {
    const line = shellLine(text);
    if (line.open !== null) throw new PasteError('quote');
    if (isRun(line.words)) return readRun(line, before);
    if (line.rest === '') throw new PasteError('command');
    const skipped = text.slice(0, text.trimEnd().length - line.rest.length).trim();
    if (skipped !== '') before.push(skipped);
    text = commandsOf(line.rest.replace(/^(?:[;|&]+|[<>]\S*)/, ''));
  }
}

function isRun(words: readonly string[]): boolean {
  try {
    takeProgram([...words], []);
    return true;
  } catch (error) {
    if (error instanceof PasteError) return false;
    throw error;
  }
}

function readRun(line: ShellLine, before: readonly string[]): Found {
  const into: Reading = {
    spec: { image: '' },
    limits: {},
    healthcheck: {},
    networks: [],
    place: { aliases: [] },
    left: [...before],
    pull: null,
    start: true,
  };
  const words = [...line.words];
  const verb = takeProgram(words, into.left);
  into.start = verb !== 'create';
  takeFlags(words, into);
  const image = words.shift();
  if (image === undefined) throw new PasteError('image');
  into.spec.image = image;
  if (words.length > 0) into.spec.command = words;
  finish(into);
  return {
    spec: into.spec,
    start: into.start,
    pull: into.pull,
    left: [...into.left, ...new Set(line.unexpanded), ...(line.rest === '' ? [] : [line.rest])],
  };
}

/** What stands before the flags: sudo, the program, and whether it is to run or only to be made. */
function takeProgram(words: string[], left: string[]): string {
  while (words[0] !== undefined && !programs.test(words[0])) {
    const word = words.shift() ?? '';
    if (word !== 'sudo' && !word.startsWith('-') && !/^[A-Za-z_]\w*=/.test(word))
      throw new PasteError('command');
    if (word.includes('=')) left.push(word);
  }
  if (words.shift() === undefined) throw new PasteError('command');
  while (words[0]?.startsWith('-')) {
    const flag = words.shift() ?? '';
    const withValue = /^(-[cHl]|--(context|host|config|log-level|tls(cacert|cert|key)))$/.test(flag);
    left.push([flag, ...(withValue ? words.splice(0, 1) : [])].join(' '));
  }
  if (words[0] === 'container') words.shift();
  const verb = words.shift();
  if (verb !== 'run' && verb !== 'create') throw new PasteError('command');
  return verb;
}

/** As pflag does: up to the first word that is none. */
function takeFlags(words: string[], into: Reading): void {
  for (let word = words[0]; word?.startsWith('-') && word !== '-'; word = words[0]) {
    words.shift();
    if (word === '--') return;
    if (word.startsWith('--')) takeLong(word, words, into);
    else takeShorts(word.slice(1), words, into);
  }
}

function takeLong(word: string, words: string[], into: Reading): void {
  const [name, given] = halves(word.slice(2), '=');
  const set = switches[name];
  if (set) {
    takeSwitch(set, word, given, into);
    return;
  }
  const take = values[name];
  if (!take && !otherValues.has(name)) {
    into.left.push(word);
    return;
  }
  const value = given ?? words.shift() ?? '';
  if (!take || take(value, into) === false) into.left.push(`--${name} ${value}`.trim());
}

/** Several in one word, the last of which may have a value: -itp 80:80, -p80:80. */
function takeShorts(letters: string, words: string[], into: Reading): void {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters.charAt(at);
    const name = shorts[letter];
    const after = letters.slice(at + 1);
    const set = name === undefined ? undefined : switches[name];
    if (set && after.startsWith('=')) {
      takeSwitch(set, `-${letter}${after}`, after.slice(1), into);
      return;
    }
    if (set) {
      set(into, true);
      continue;
    }
    if (name === undefined) {
      into.left.push(`-${letter}`);
      continue;
    }
    const value = after === '' ? (words.shift() ?? '') : after.replace(/^=/, '');
    const take = values[name];
    if (!take || take(value, into) === false) into.left.push(`-${letter} ${value}`.trim());
    return;
  }
}

function takeSwitch(set: Switch, word: string, given: string | undefined, into: Reading): void {
  if (given === undefined || /^(1|t|true)$/i.test(given)) set(into, true);
  else if (/^(0|f|false)$/i.test(given)) set(into, false);
  else into.left.push(word);
}

/** Puts together what several flags say. */
function finish({ spec, limits, healthcheck, networks, place, left }: Reading): void {
  const { aliases, ...addresses } = place;
  const [main] = networks;
  if (main)
    Object.assign(main, addresses, aliases.length > 0 && { aliases: [...(main.aliases ?? []), ...aliases] });
  else {
    left.push(...aliases.map((alias) => `--network-alias ${alias}`));
    left.push(...Object.values(addresses).map((address) => `--ip ${String(address)}`));
  }
  if (networks.length > 0) spec.networks = networks;
  if (Object.keys(limits).length > 0) spec.limits = limits;
  if (Object.keys(healthcheck).length > 0) spec.healthcheck = healthcheck;
}
