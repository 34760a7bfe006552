import { expect, test } from 'vitest';
import { cookieName, readSessionCookie, sessionCookie } from './cookies.ts';

const plain = { secure: false, host: 'localhost:4000' };
const tls = { secure: true, host: 'kit.example.com' };

test('the cookie is for this host and port, out of reach of scripts and of other sites', () => {
  expect(sessionCookie(plain, 'abc', 60.9)).toBe(
    'serverkit-4000=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Strict',
  );
});

test('under TLS browsers are made to insist on Secure, Path=/ and no Domain', () => {
  expect(sessionCookie(tls, 'abc', 60)).toBe(
    '__Host-serverkit=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure',
  );
  expect(cookieName({ secure: true, host: '[::1]:4443' })).toBe('__Host-serverkit-4443');
});

test('only the cookie of this origin is read, and the first of two', () => {
  const header = 'theme=dark; serverkit=0; serverkit-4001=1; serverkit-4000=2; serverkit-4000=3';
  expect(readSessionCookie(header, plain)).toBe('2');
  expect(readSessionCookie(header, tls)).toBeUndefined();
  expect(readSessionCookie(undefined, plain)).toBeUndefined();
});
