import { randomBytes } from 'node:crypto';

/** What an id names, told by its prefix, so that a pasted id says where it belongs. */
export const idPrefixes = {
  user: 'usr',
  session: 'ses',
  invitation: 'inv',
  reset: 'rst',
  token: 'tok',
  server: 'srv',
  group: 'grp',
  grant: 'gnt',
  filter: 'flt',
  registration: 'reg',
  registry: 'rgy',
  secret: 'sct',
  agent: 'agt',
  link: 'lnk',
  command: 'cmd',
  rotation: 'rot',
  job: 'job',
  terminal: 'trm',
  recording: 'rec',
  updatePolicy: 'upd',
  gitSource: 'git',
  upload: 'upl',
} as const;

export type IdKind = keyof typeof idPrefixes;

/** Crockford's base 32 in lower case: no i, l, o or u to misread. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** 24 characters of 5 bits each: 120 random bits, too many to guess or to meet by chance. */
const length = 24;

/** A new opaque id such as `srv_4k9…`; ids of the database and of the API are the same. */
export function newId(kind: IdKind): string {
  return `${idPrefixes[kind]}_${randomText(length)}`;
}

/** Random text in an alphabet that survives being read aloud; 5 bits per character. */
export function randomText(characters: number): string {
  return Array.from(randomBytes(characters), (byte) => alphabet[byte & 31]).join('');
}

/** The kind an id claims by its prefix; undefined for anything else. */
export function kindOfId(id: string): IdKind | undefined {
  const prefix = id.slice(0, id.indexOf('_'));
  for (const kind of kinds) if (idPrefixes[kind] === prefix) return kind;
  return undefined;
}

const kinds: readonly IdKind[] = [
  'user',
  'session',
  'invitation',
  'group',
  'grant',
  'filter',
  'reset',
  'token',
  'server',
  'registration',
  'registry',
  'secret',
  'agent',
  'link',
  'command',
  'rotation',
  'job',
  'terminal',
  'recording',
  'updatePolicy',
  'gitSource',
  'upload',
];
