/**
 * What a terminal would act on rather than show: C0 and C1 controls (ECMA-48, which begins with ESC or CSI), DEL, and the
 * marks that turn the direction of text around (Unicode TR 9, TR 36), with which a name could pose as another.
 */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const acting = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** Text of others as a terminal may have it: one line, on which nothing acts. Tabs stay. */
export function safeText(text: string): string {
  return text.replaceAll(acting, (character) => {
    const code = character.codePointAt(0) ?? 0;
    // As `cat -v` has them.
    return code < 0x20 ? `^${String.fromCodePoint(code + 0x40)}` : `\\u{${code.toString(16)}}`;
  });
}
