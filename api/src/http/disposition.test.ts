import { expect, test } from 'vitest';
import { attachment } from './disposition.ts';

const names = (header: string) => {
  const [, ascii = '', encoded = ''] =
    /^attachment; filename="([^"\\]*)"; filename\*=UTF-8''(\S*)$/.exec(header) ?? [];
  return { ascii, name: decodeURIComponent(encoded) };
};

test.each([
  ['notes.txt', 'notes.txt', 'notes.txt'],
  ['été.txt', '_t_.txt', 'été.txt'],
  ['a"b\r\nset-cookie: x', 'a_b__set-cookie_ x', 'a_b__set-cookie_ x'],
  ['../../etc/passwd', '__.._etc_passwd', '__.._etc_passwd'],
  ['.bashrc', '_bashrc', '_bashrc'],
  ['C:\\x', 'C__x', 'C__x'],
  ['invoice\u202efdp.exe', 'invoice_fdp.exe', 'invoice_fdp.exe'],
  ['', 'files', 'files'],
  ['\0', '_', '_'],
  ['\ud800', '_', '_'],
])('%j is saved under a name that is no more than a name', (given, ascii, name) => {
  const header = attachment(given);
  expect(header).toMatch(/^[\x20-\x7e]+$/);
  expect(names(header)).toEqual({ ascii, name });
});

test('a long name is cut', () => {
  expect(names(attachment('é'.repeat(5_000))).name).toHaveLength(200);
});
