/** Control, format and separator characters, which could steer a terminal or forge lines. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** Text from strangers, fit to be shown on a terminal: one line, at most `limit` characters. */
export function printable(text: string, limit = 500): string {
  return text.slice(0, limit).replace(unprintable, ' ').trim();
}
