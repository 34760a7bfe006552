import { inputInvalid } from '../errors.ts';

/** Long enough for any passphrase, short enough that hashing it costs nothing extra. Characters. */
export const passwordLength = { min: 12, max: 256 } as const;

/** Of the passwords found most often in leaks, those that are long enough to pass otherwise. */
const common: ReadonlySet<string> = new Set(
  `
  0987654321qwerty 1029384756qp 123123123123 12345678900987654321 123456789abc 123456789qwe 123456abcdef
  123456qwerty 123456qwertyui 1234567890ab 1234567890qw 1234qwerasdf 1234qwerasdfzxcv 123abc123abc 123qwe123qwe
  123qweasdzxc 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1qazxsw23edc
  abcd12345678 abcdefg12345 abcdefgh1234 admin1234567 admin12345678 admin123456789 admin@123456 administrator
  administrator1 administrator123 adminpassword asdfghjkl123 asdfghjkl1234 asdfghjkl;' asdfghjklqwe baseball1234
  basketball12 changeme1234 changemenow1 changemeplease charlie12345 computer1234 correcthorsebatterystaple
  defaultpassword dragon123456 football1234 iloveyou1234 iloveyou12345 iloveyouforever iloveyousomuch
  internet1234 letmein12345 letmeinplease liverpool123 manchester12 master123456 michael12345 mypassword12
  mypassword123 newpassword1 nopassword123 p@ssw0rd1234 p@ssw0rd12345 p@ssword1234 passw0rd1234 password1234
  password12345 password123456 password1234567 password12345678 password@123 password_123 passwordisword
  princess1234 q1w2e3r4t5y6 q1w2e3r4t5y6u7i8 qazwsxedc123 qazwsxedcrfv qazwsxedcrfvtgb qwe123qwe123
  qweasdzxc123 qweasdzxcrty qwer1234asdf qwer1234qwer qwerty123456 qwerty1234567 qwerty12345678 qwertyqwerty
  qwertyuiop12 qwertyuiop123 qwertyuiop1234 qwertyuiop[] qwertyuiopasdf qwertyuiopasdfgh qwertyuiopasdfghjkl
  qwertyuiopasdfghjklzxcvbnm root12345678 rootpassword secret123456 secretpassword serverkit123 serverkit1234
  starwars1234 sunshine1234 superman1234 supersecret1 test12345678 testpassword testtesttest thisismypassword
  thisisapassword trustno11234 welcome12345 welcome123456 welcome@1234 whatever1234 zaq12wsxcde3
  zaq1xsw2cde3 zxcvbnm12345 zxcvbnm,./123 zxcvbnmasdfghjkl
  `
    .trim()
    .split(/\s+/),
);

/** `abcabcabcabc`: what is short and repeated is as good as its first part. */
const repeated = /^(.{1,6}?)\1+$/su;

/**
 * Why nobody may have this password; undefined for a good one. Long and not the first guess, as NIST SP 800-63B §3.1.1.2
 * asks, and nothing about kinds of characters, which only makes passwords worse.
 */
export function passwordProblem(password: string, email: string): string | undefined {
  const { min, max } = passwordLength;
  const plain = password.toLowerCase();
  const address = email.trim().toLowerCase();
  const length = Array.from(password).length;
  if (length < min) return `must have at least ${min} characters`;
  if (length > max) return `must have at most ${max} characters`;
  if (plain.trim() === address.slice(0, address.lastIndexOf('@')) || plain.includes(address)) {
    return 'must not be the e-mail address';
  }
  if (common.has(plain) || repeated.test(plain) || isRun(plain)) return 'is one of the first that others try';
  return undefined;
}

/** @throws ServerKitError INPUT_INVALID for a password that nobody may have */
export function checkPassword(password: string, email: string, field = 'input.password'): void {
  const problem = passwordProblem(password, email);
  if (problem) throw inputInvalid(field, `The password ${problem}.`);
}

/** `abcdefghijkl`, `987654321098`: each character stands beside the one before it, digits in a ring. */
function isRun(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  return [1, -1].some((step) =>
    codes.every((code, index) => {
      const before = codes[index - 1];
      return before === undefined || code - before === step || code - before === -9 * step;
    }),
  );
}
