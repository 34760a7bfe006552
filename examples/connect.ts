import { createClient, type Client } from '@serverkit/client';

/** A client of the control plane that the environment names. */
export function connect(): Client {
  const { SERVERKIT_URL: url, SERVERKIT_TOKEN: token } = process.env;
  if (!url || !token) {
    console.error('Set SERVERKIT_URL and SERVERKIT_TOKEN.');
    process.exit(2);
  }
  return createClient({ url, token });
}
