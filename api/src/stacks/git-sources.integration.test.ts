import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { announcedCommits } from './git-announced.suite.ts';
import { boundStacks } from './git-bound.suite.ts';
import { newCommits } from './git-commits.suite.ts';
import { failures } from './git-failures.suite.ts';
import { webhooks } from './git-hook.suite.ts';
import { withToken } from './git-token.suite.ts';
import { GitStage } from './testing.ts';

const git = new GitStage();
beforeAll(() => git.raise());
beforeEach(() => git.begin());
afterEach(() => git.clear());
afterAll(() => git[Symbol.asyncDispose]());

boundStacks(git);
newCommits(git);
announcedCommits(git);
withToken(git);
failures(git);
webhooks(git);
