import { expect, test } from 'vitest';
import { looksSecret } from './secret.ts';

test.each([
  ['POSTGRES_PASSWORD', 'x'],
  ['API_KEY', ''],
  ['DATABASE', 'postgres://me:hunter2@db/app'],
])('%s=%s is masked', (name, value) => expect(looksSecret(name, value)).toBe(true));

test.each([
  ['PORT', '80'],
  ['POSTGRES_PASSWORD_FILE', '/run/secrets/x'],
  ['DATABASE', 'postgres://db/app'],
])('%s=%s is not', (name, value) => expect(looksSecret(name, value)).toBe(false));
