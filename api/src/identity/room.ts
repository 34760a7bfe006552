import type { Platform, Room } from '../platform.ts';
import { StartupError } from '../startup-error.ts';
import type { Identity } from './service.ts';

/** Shorter than the setup page allows, as it is written by someone who already owns the machine. */
const minPasswordLength = 8;

/** Sees to the first administrator: from the environment, or by a code printed once the port is open. */
export function identityRoom(
  { env, frontDoor }: Pick<Platform, 'env' | 'frontDoor'>,
  identity: Identity,
  print: (text: string) => void = (text) => process.stdout.write(text),
): Room {
  let code: string | undefined;
  return {
    name: 'identity',
    async prepare() {
      if (env.admin) {
        const { email, password } = env.admin;
        if (password.length < minPasswordLength) {
          throw new StartupError(
            `SERVERKIT_ADMIN_PASSWORD is too short; use at least ${minPasswordLength} characters.`,
          );
        }
        await identity.createAdminUnattended({ email, name: nameFrom(email), password });
      }
      if (await identity.setup.needed()) code = await identity.setup.newCode();
    },
    started() {
      // Straight to the terminal: the log may be shipped elsewhere, and takes secrets out.
      if (code)
        print(`\n  Open ${frontDoor.localUrl()}/setup and enter the one-time setup code:  ${code}\n\n`);
      code = undefined;
    },
  };
}

/** `ada.lovelace@example.com` → `Ada Lovelace` */
function nameFrom(email: string): string {
  const words = email
    .slice(0, email.lastIndexOf('@'))
    .split(/[._+-]+/)
    .filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || email;
}
