/** A name that stands for something to be kept. `KEY` alone is too much: keyboards and sort keys have it too. */
const secretName =
  /pass(word|wd|phrase)?|pwd|secret|token|credential|private|api_?key|access_?key|_key$|^key$|auth(?!or)|salt|cookie|session|dsn|conn(ection)?_?str|webhook|license|signature|cert/i;

/** Says what kind of thing follows it, and is none itself. */
const plainName = /(_FILE|_PATH|_DIR|_METHOD|_TYPE|_HOST|_PORT|_ENABLED|_TTL|_EXPIRY|_ALGORITHM)$/i;

/** A URL with a password in it, a key in PEM, a JSON web token, or a token of a known service. */
const secretValue =
  /^[a-z][a-z0-9+.-]*:\/\/[^/\s@]*:[^/\s@]+@|-----BEGIN|\beyJ[\w-]{8,}\.[\w-]{8,}\.|\b(gh[pousr]_|glpat-|xox[abprs]-|sk[-_]|AKIA)[\w-]{10,}/;

/** Long and without a pattern that a person would write: it was drawn. */
function looksDrawn(value: string): boolean {
  if (!/^[A-Za-z0-9+/_=-]{24,}$/.test(value)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/].filter((kind) => kind.test(value)).length;
  return kinds === 3 || /^[0-9a-f]{32,}$/i.test(value);
}

/** Whether the value of a variable is kept on this host until somebody asks for it. In doubt, it is. */
export function looksSecret(name: string, value: string): boolean {
  if (value === '') return false;
  if (secretValue.test(value) || looksDrawn(value)) return true;
  return secretName.test(name) && !plainName.test(name);
}
