import { isIP, isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';

/** Docker's own rule for the names of networks (moby, names.RestrictedNamePattern). */
export const networkName = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/,
    'must be up to 128 letters, digits, dots, dashes or underscores, and begin with a letter or digit',
  );

/** An id, a prefix of one, or a name. */
export const networkReference = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, 'must be the id or the name of a network');

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const most = isIPv4(address) ? 32 : 128;
  return rest.length === 0 && isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
}

export const cidr = z.string().refine(isCidr, 'must be a subnet such as 172.20.0.0/16');
export const address = z.string().refine((text) => isIP(text) !== 0, 'must be an IP address');
export const ipv4 = z.string().refine(isIPv4, 'must be an IPv4 address');
export const ipv6 = z.string().refine(isIPv6, 'must be an IPv6 address');

/** What other containers know it by. */
export const aliases = z
  .array(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/, 'must be host names'))
  .max(20, 'at most 20');
