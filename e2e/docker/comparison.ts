import { expect } from 'vitest';
import { docker } from '../../testing/docker.ts';
import type { DockerRig } from './rig.ts';

/** Fields of the API held against what the docker command says, on the same engine at the same time. */
export interface Comparison {
  readonly title: string;
  /** As `Type.field`. All of them must be asked for, or the comparison fails. */
  readonly covers: readonly string[];
  readonly run: (rig: DockerRig) => Promise<void>;
}

/** For each field of a type, what it must be by what the command told. */
export type Truths<Told> = Readonly<Record<string, (told: Told) => unknown>>;

export const namesOf = (type: string, truths: Truths<never>): string[] =>
  Object.keys(truths).map((field) => `${type}.${field}`);

/** Holds every field that has a truth against it, and tells of all that differ at once. */
export function hold<Told>(answer: object | null | undefined, truths: Truths<Told>, told: Told): void {
  const truth = Object.fromEntries(Object.entries(truths).map(([field, say]) => [field, say(told)]));
  expect(answer).toEqual(truth);
}

/** What `docker inspect` and its kind print, as far as a comparison reads it. */
export async function cliJson<Told>(...args: readonly string[]): Promise<Told> {
  const read: (text: string) => Told = JSON.parse;
  return read(await docker(...args));
}

/** One JSON object a line, as `--format '{{json .}}'` prints them. */
export async function cliLines<Told>(...args: readonly string[]): Promise<Told[]> {
  const read: (text: string) => Told = JSON.parse;
  const printed = await docker(...args, '--format', '{{json .}}');
  return printed.split('\n').filter(Boolean).map(read);
}
