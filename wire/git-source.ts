/**
 * What of a Git repository may be named, on both sides alike: nothing that Git, ssh or a shell would take for an option,
 * another protocol or another file.
 */

const host = String.raw`[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?`;
const port = String.raw`(?::\d{1,5})?`;
const user = String.raw`[A-Za-z0-9_][\w.-]{0,63}`;
/** Of a repository: no query, no fragment, no credentials. */
const place = String.raw`[\w~][\w.~@%+,=-]*(?:/[\w.~@%+,=-]+)*/?`;

const https = new RegExp(`^https://${host}${port}/${place}$`);
const ssh = new RegExp(`^ssh://(?:${user}@)?${host}${port}/${place}$`);
/** As ssh's own tools write it: git@host:team/app.git */
const short = new RegExp(`^${user}@${host}:/?${place}$`);

const longest = 500;

/** How a repository is reached; undefined for an address that is not one, or of another protocol. */
export function gitProtocol(address: string): 'https' | 'ssh' | undefined {
  if (address.length > longest || /(?:^|[/:])\.\.?(?:\/|$)/.test(address)) return undefined;
  if (https.test(address)) return 'https';
  return ssh.test(address) || short.test(address) ? 'ssh' : undefined;
}

/** By the rules of git-check-ref-format(1), and without what begins like an option. */
export function isGitBranch(name: string): boolean {
  return (
    /^[^\s~^:?*[\\\p{Cc}]{1,200}$/u.test(name) &&
    !/^[-/.@]|\.\.|\/\/|@\{|\/\.|[/.]$|\.lock(?:\/|$)/.test(name)
  );
}

/** Of a file inside of a repository, with slashes. */
export function isGitPath(path: string): boolean {
  if (path === '' || path.length > longest) return false;
  return path.split('/').every(isFileName);
}

/** One name of such a path: never a way up, and never into Git's own. */
export function isFileName(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    new TextEncoder().encode(name).length <= 255 &&
    !/[\\\p{Cc}]/u.test(name) &&
    !/^\.git(?:\s|\.|~|$)/i.test(name)
  );
}
