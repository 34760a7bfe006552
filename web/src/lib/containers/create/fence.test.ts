import { expect, test } from 'vitest';
import { unfenced } from './fence.ts';

test.each([
  ['```bash\ndocker run web\n```\n', 'docker run web\n'],
  ['\n  ~~~\r\nservices:\r\n  ~~~', '\nservices:\r\n'],
  ['docker run -e A="\n```\n" web', 'docker run -e A="\n```\n" web'],
  ['docker run `\n web', 'docker run `\n web'],
])('the marks of a code block are no part of what was copied: %j', (text, expected) => {
  expect(unfenced(text)).toBe(expected);
});
