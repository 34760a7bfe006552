/** How an image is named: `registry.example:5000/team/app:1.2@sha256:…`. */
export interface ImageReference {
  /** The registry's host and port as they were written; `docker.io` where the reference names none. */
  readonly host: string;
  /** With `library/` where docker.io has it implied. */
  readonly path: string;
  readonly tag: string | null;
  /** `sha256:…` */
  readonly digest: string | null;
}

/** What a reference without a registry means, and the other names of it. */
export const defaultHost = 'docker.io';
const aliases: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** The grammar of github.com/distribution/reference, which every engine and registry holds to. */
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const path = new RegExp(`^${component}(?:/${component})*$`);
const hostLabel = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = new RegExp(`^(?:${hostLabel}(?:\\.${hostLabel})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`);
const tag = /^\w[\w.-]{0,127}$/;
const digest = /^sha256:[a-f0-9]{64}$/;
const longestName = 255;

/** Reads a reference as the docker command does; undefined when it is none. A tag that is not given stays null. */
export function parseImageReference(text: string): ImageReference | undefined {
  const at = text.indexOf('@');
  const sum = at < 0 ? null : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  const label = tagged ? named.slice(colon + 1) : null;
  const name = tagged ? named.slice(0, colon) : named;
  if (sum !== null && !digest.test(sum)) return undefined;
  if (label !== null && !tag.test(label)) return undefined;
  const place = placeOf(name);
  if (!place || name.length > longestName) return undefined;
  return { ...place, tag: label, digest: sum };
}

function placeOf(name: string): Pick<ImageReference, 'host' | 'path'> | undefined {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = /[.:A-Z]/.test(first) || first === 'localhost';
  const rest = isHost ? name.slice(slash + 1) : name;
  if (!path.test(rest) || (isHost && !host.test(first))) return undefined;
  const registry = isHost && !aliases.has(first.toLowerCase()) ? first : defaultHost;
  return { host: registry, path: registry === defaultHost && !rest.includes('/') ? `library/${rest}` : rest };
}

/** A registry's host as registries are matched by it: in lower case, docker.io by one name. */
export function registryHost(given: string): string {
  const lower = given.toLowerCase();
  return aliases.has(lower) ? defaultHost : lower;
}

/** Whether it is a host, with a port or without, such as stands before the first slash of a reference. */
export function isRegistryHost(text: string): boolean {
  return text.length <= longestName && host.test(text);
}

/** As the docker command shows it: without docker.io/ and library/. */
export function shownName({ host: registry, path: place }: Pick<ImageReference, 'host' | 'path'>): string {
  if (registry !== defaultHost) return `${registry}/${place}`;
  return /^library\/[^/]+$/.test(place) ? place.slice('library/'.length) : place;
}

/** The reference in full, as an engine lists it; `latest` where neither tag nor digest is given. */
export function shownReference(reference: ImageReference): string {
  const name = shownName(reference);
  if (reference.tag === null && reference.digest !== null) return `${name}@${reference.digest}`;
  const tagged = `${name}:${reference.tag ?? 'latest'}`;
  return reference.digest === null ? tagged : `${tagged}@${reference.digest}`;
}
