/** Names of what is to be kept; the agent judges those of containers that are there by the same words. */
const secretName =
  /pass(word|wd|phrase)?|pwd|secret|token|credential|private|api_?key|access_?key|_key$|^key$|auth(?!or)|salt|cookie|session|dsn|conn(ection)?_?str|webhook|license|signature|cert/i;
const plainName = /(_FILE|_PATH|_DIR|_METHOD|_TYPE|_HOST|_PORT|_ENABLED|_TTL|_EXPIRY|_ALGORITHM)$/i;

/** Whether the value of a variable is masked while it stands in a form. A URL with a password in it is as well. */
export function looksSecret(name: string, value: string): boolean {
  return (
    (secretName.test(name) && !plainName.test(name)) ||
    /^[a-z][a-z0-9+.-]*:\/\/[^/\s@]*:[^/\s@]+@/.test(value)
  );
}
