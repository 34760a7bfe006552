/** Steers a terminal, or shows a name in another order than it is stored in. */
const unshowable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** What no file system of a desktop takes in a name, or reads as more than a name. */
const unsafe = /[/\\:*?"<>|%]/g;
/** Longest name that is given away. Characters. */
const maxName = 200;

/**
 * The header that makes a browser save what comes, under a name that somebody else chose: no folder, no control or bidi
 * character, nothing hidden (RFC 6266, with RFC 8187 for what is not ASCII).
 */
export function attachment(name: string): string {
  const safe = name
    .replaceAll(unshowable, '_')
    .replaceAll(unsafe, '_')
    .replace(/^\.+/, '_')
    .slice(0, maxName);
  const told = safe.toWellFormed().trim() || 'files';
  const ascii = told.replaceAll(/[^\w .,()+=@-]/g, '_');
  const encoded = encodeURIComponent(told).replaceAll(
    /['()*!]/g,
    (one) => `%${one.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
