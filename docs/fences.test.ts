import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fencesOf, type Fence } from '../testing/fences.ts';

/** What people read; specifications and changelogs have no examples to follow. */
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'client/README.md',
  'deploy/README.md',
  'examples/README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The tests that run the blocks of a document, word for word. */
const runners: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['docs/api.integration.test.ts'],
  'client/README.md': ['client/packed.integration.test.ts', 'client/command-line.integration.test.ts'],
  'docs/api.md': ['docs/api.integration.test.ts'],
  'docs/fleet.md': ['e2e/jobs/pull.integration.test.ts'],
  'docs/deploy.md': ['e2e/deploy/service.e2e.ts', 'e2e/install/systemd.suite.ts'],
  'docs/secrets.md': ['e2e/secrets/secrets.integration.test.ts'],
  'docs/reference.md': ['docs/reference.integration.test.ts'],
  'examples/README.md': ['examples/examples.integration.test.ts'],
};

/** Documents of which a test runs every command there is, without the blocks saying so. */
const whole: Readonly<Record<string, string>> = { 'docs/backup.md': 'e2e/keeping/restore.e2e.ts' };

/** Blocks that no test runs as they stand: the document, the begin of the block, and why. */
const unrun: readonly (readonly [document: string, begin: string, why: string])[] = [
  [
    'README.md',
    'git clone',
    'there is no address to clone from; scripts/start.integration.test.ts runs npm start',
  ],
  [
    'README.md',
    'HOST=0.0.0.0',
    'it would open this machine to its network; e2e/install does so on a bridge of its own',
  ],
  [
    'README.md',
    'docker compose up',
    'e2e/deploy/compose.e2e.ts brings the same file up under names of its own',
  ],
  ['README.md', 'npm run dev', 'these are the checks themselves, and a watcher that does not end'],
  ['CONTRIBUTING.md', "describeWith('docker'", 'a sketch; every suite that needs Docker has one that runs'],
  ['client/README.md', 'npm install', 'it is not published yet; the tests install the tarball that would be'],
  ['deploy/README.md', 'npm install --prefix', 'it takes the runtime of another processor from the registry'],
  ['docs/deploy.md', 'git clone', 'there is no address to clone from'],
  ['docs/deploy.md', 'CREATE ROLE', 'names a password that everybody chooses for themselves'],
  ['docs/deploy.md', '# systemctl edit', 'what systemctl edit opens is typed by hand'],
  ['docs/deploy.md', 'docker compose up', 'e2e/deploy/compose.e2e.ts does so under names of its own'],
  ['docs/deploy.md', 'docker build', 'e2e/deploy/image.e2e.ts builds and runs it without the registry'],
  ['docs/deploy.md', 'echo "DOCKER_GID', 'e2e/deploy/compose.e2e.ts does so with a token of its own'],
  ['docs/deploy.md', 'services:', 'Traefik is not among the tests, as the text says'],
  ['docs/deploy.md', 'git pull', 'there is nowhere to pull from'],
];

const there = documents.filter((document) => existsSync(document));
const blocks = there.flatMap(fencesOf);
const excuse = ({ document, text }: Fence) =>
  unrun.find(([where, begin]) => where === document && text.startsWith(begin));

/** Whether a test that is said to run it reads that document, and names the block where it has a name. */
function isRun({ document, run, file }: Fence): boolean {
  const everything = whole[document];
  const tests = everything === undefined ? (runners[document] ?? []) : [everything];
  const sources = tests.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'));
  const readers = sources.filter((source) => source.includes(document));
  if (everything !== undefined || file !== undefined) return readers.length > 0;
  // By its name, or with all the others that have one.
  return run !== undefined && readers.some((source) => source.includes(run) || source.includes('fencesOf('));
}

test.each(there)('every block of %s is run by a test, or there is a reason why not', (document) => {
  const left = blocks
    .filter((block) => block.document === document && !isRun(block) && !excuse(block))
    .map(({ line, text }) => `${document}:${line}: ${text.split('\n')[0]}`);
  expect(left).toEqual([]);
});

test('no reason is given for a block that is run, or is not there any more', () => {
  const needed = new Set(blocks.filter((block) => !isRun(block)).map(excuse));
  expect(unrun.filter((entry) => !needed.has(entry))).toEqual([]);
});
