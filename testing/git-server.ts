import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { issueAuthority, issueServer } from '../api/src/http/issue-certificate.ts';
import { plainEnv, run, startProcess } from './processes.ts';
import { tempDir } from './tmp.ts';

/** What a commit has under a name: text, or something else by Git's own mode of it. */
export type GitFile = string | { readonly mode: '100755' | '120000' | '160000'; readonly text: string };

/** A real Git repository over https, with Git's own CGI program. Nothing of it is left afterwards. */
export interface GitServer extends AsyncDisposable {
  /** Of the repository. */
  readonly url: string;
  /** The folder that it is in, for who has it by other means. */
  readonly folder: string;
  /** Of the authority that signed for it, to be trusted by whoever asks it: GIT_SSL_CAINFO. */
  readonly authorityFile: string;
  /** Requests that came with the right password. */
  readonly letIn: number;
  /** Has a branch be these files and nothing else. @returns the commit */
  commit(files: Readonly<Record<string, GitFile>>, branch?: string): Promise<string>;
}

export interface GitServerOptions {
  /** Nobody gets in without. */
  readonly credentials?: { readonly username: string; readonly password: string };
}

export async function gitServer({ credentials }: GitServerOptions = {}): Promise<GitServer> {
  await using undo = new AsyncDisposableStack();
  const dir = undo.use(await tempDir('sk-git-'));
  const folder = dir.file('app.git');
  await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', folder]);
  const authority = await issueAuthority();
  const { certificatePem, keyPem } = await issueServer(authority, ['127.0.0.1']);
  await writeFile(dir.file('authority.pem'), authority.certificatePem);
  const backend = (await run('git', ['--exec-path'])).trim();
  const wanted =
    credentials &&
    `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  let letIn = 0;
  const tls: ServerOptions = { cert: certificatePem, key: keyPem };
  const server = createServer(tls, (request, response) => {
    if (wanted !== undefined && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    letIn += 1;
    const { pathname, search } = new URL(request.url ?? '/', 'https://127.0.0.1');
    const { headers } = request;
    const child = spawn(`${backend}/git-http-backend`, [], {
      env: {
        ...plainEnv(),
        GIT_PROJECT_ROOT: dir.path,
        GIT_HTTP_EXPORT_ALL: '1',
        // It is another account's where the tests run as root.
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'safe.directory',
        GIT_CONFIG_VALUE_0: '*',
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.stdin.on('error', () => undefined);
    request.pipe(child.stdin);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', () => {
      const all = Buffer.concat(chunks);
      const end = all.indexOf('\r\n\r\n');
      const lines = all.subarray(0, Math.max(end, 0)).toString().split('\r\n');
      const status = Number(
        /^Status: (\d+)/.exec(lines.find((line) => line.startsWith('Status')) ?? '')?.[1] ?? 200,
      );
      for (const line of lines.filter((one) => !one.startsWith('Status'))) {
        const [name = '', value = ''] = line.split(': ');
        if (name !== '') response.setHeader(name, value);
      }
      response.writeHead(status).end(all.subarray(end + 4));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  const port = isAddress(address) ? address.port : 0;
  const owned = undo.move();
  return {
    url: `https://127.0.0.1:${port}/app.git`,
    folder,
    authorityFile: dir.file('authority.pem'),
    get letIn() {
      return letIn;
    },
    async commit(files, branch = 'main') {
      await using child = startProcess('git', ['-C', folder, 'fast-import', '--quiet', '--force'], {
        env: plainEnv(),
      });
      child.write(stream(files, branch));
      child.write(null);
      const { code } = await child.exit;
      if (code !== 0) throw new Error(`git fast-import ended with ${code}:\n${child.output()}`);
      return (await run('git', ['-C', folder, 'rev-parse', `refs/heads/${branch}`])).trim();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const isAddress = (address: string | AddressInfo | null): address is AddressInfo =>
  typeof address === 'object' && address !== null;

/** As git-fast-import(1) reads it. */
function stream(files: Readonly<Record<string, GitFile>>, branch: string): string {
  const entries = Object.entries(files).map(([name, file]) => {
    const { mode, text } = typeof file === 'string' ? { mode: '100644', text: file } : file;
    if (mode === '160000') return `M ${mode} ${text} ${name}\n`;
    return `M ${mode} inline ${name}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
  });
  return [
    `commit refs/heads/${branch}\n`,
    'committer Ada <ada@example.com> 1700000000 +0000\n',
    'data 4\ntest\ndeleteall\n',
    ...entries,
    '\n',
  ].join('');
}
