import { expect, test } from 'vitest';
import { osText } from './os.ts';

test.each([
  ['Debian GNU/Linux', '12 (bookworm)', 'Debian 12'],
  ['Ubuntu', '24.04.1 LTS (Noble Numbat)', 'Ubuntu 24.04.1 LTS'],
  ['Alpine Linux', '3.22', 'Alpine 3.22'],
  ['Arch Linux', '', 'Arch'],
])('%s %s is %s', (osName, osVersion, text) => expect(osText({ osName, osVersion })).toBe(text));
