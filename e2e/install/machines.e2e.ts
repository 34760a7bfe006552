import { describe } from 'vitest';
import { withoutSystemd } from './bare.suite.ts';
import { withSystemd } from './systemd.suite.ts';

// Beside each other: the link of each is cut for a whole minute, in which there is nothing else to do with it.
describe('a bare Debian machine', { concurrent: true }, () => {
  withoutSystemd();
});
describe('a Debian machine', { concurrent: true }, () => {
  withSystemd();
});
