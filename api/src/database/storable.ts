/** Text as PostgreSQL takes it: U+0000, which labels of containers may hold, and half a character become U+FFFD. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** JSON as jsonb takes it, of what agents said. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_name, item: unknown) =>
    typeof item === 'string' ? storableText(item) : item,
  );
}
