import { visit, type DocumentNode } from 'graphql';
import { inputInvalid, type ServerKitError } from '../errors.ts';

/** A value still to be looked at, and the way to it. */
interface Place {
  readonly value: unknown;
  readonly name: string;
  readonly inside: Place | undefined;
}

/**
 * Text that is no text: PostgreSQL takes no U+0000, and half of a surrogate pair comes back as another character. Refused
 * for every argument alike, so that no field has to think of it.
 * @throws ServerKitError INPUT_INVALID naming the place
 */
export function checkVariables(variables: Readonly<Record<string, unknown>>): void {
  const open: Place[] = Object.entries(variables).map(([name, value]) => ({
    name,
    value,
    inside: undefined,
  }));
  // No recursion: a client may nest as deep as its message is long.
  for (let place = open.pop(); place; place = open.pop()) {
    const { value } = place;
    if (typeof value === 'string') {
      if (!isText(value)) throw notText(pathOf(place));
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, item] of Object.entries(value)) open.push({ name, value: item, inside: place });
    }
  }
}

/** The same for what is written into a document. @throws ServerKitError INPUT_INVALID */
export function checkLiterals(document: DocumentNode): void {
  visit(document, {
    StringValue({ value }) {
      if (!isText(value)) throw notText('');
    },
  });
}

function isText(value: string): boolean {
  return !value.includes('\u0000') && value.isWellFormed();
}

function notText(path: string): ServerKitError {
  return inputInvalid(path, 'Text must not contain U+0000 or half a character.');
}

/** `input.tags.3`, cut where it gets longer than anybody reads. */
function pathOf(place: Place): string {
  const names: string[] = [];
  for (let at: Place | undefined = place; at && names.length < 20; at = at.inside) names.unshift(at.name);
  return names.join('.').slice(0, 200);
}
