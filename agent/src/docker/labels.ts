import { secretsLabel } from '@serverkit/wire/secret-references.ts';
import type { Label } from './container.ts';
import { object, text, type JsonObject } from './json.ts';

/** More labels than anybody reads, fewer than would fill a message. */
const MAX_LABELS = 200;

/** Labels, or options, as the engine writes them: an object of texts, or null. */
export function pairsOf(value: unknown): Label[] {
  return Object.entries(object(value))
    .slice(0, MAX_LABELS)
    .map(([key, one]) => ({ key: text(key), value: text(one) }));
}

/**
 * Labels of a container as they are told. Compose's mark of a service is made of all it was given: whoever knows the rest
 * could try secrets until they come to the same, so of a container with secrets it is left out.
 */
export function toldLabels(value: unknown): JsonObject {
  const { [composeHash]: hash, ...others } = object(value);
  return hash === undefined || secretsLabel in others ? others : { ...others, [composeHash]: hash };
}

const composeHash = 'com.docker.compose.config-hash';

/** The other way round, for what is sent to the engine. */
export function asObject(pairs: readonly Label[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

export const looksSecret = /pass|secret|token|credential|private|(^|[_-])key$/i;

/**
 * The options of a driver, without what looks like a secret: drives of the network are mounted with a password among
 * their options (`o=username=me,password=…`).
 */
export function maskedOptions(value: unknown): Label[] {
  return pairsOf(value).map(({ key, value: given }) => {
    const shown = given.replace(/([^,=]*(?:pass|secret|token|credential)[^,=]*)=[^,]*/gi, '$1=***');
    return { key, value: looksSecret.test(key) ? '***' : shown };
  });
}
