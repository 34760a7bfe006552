import type { IncomingMessage } from 'node:http';
import type { Environment } from '../env.ts';
import type { Channel, RequestFacts } from './exchange.ts';
import type { HostPolicy } from './host-policy.ts';
import { isLoopback } from './names.ts';
import { resolveForwarded } from './trust-proxy.ts';

/** Reads what is known about a request from its connection and headers. */
export function factsOf(
  request: IncomingMessage,
  connection: { readonly channel: Channel; readonly encrypted: boolean },
  env: Pick<Environment, 'trustProxy' | 'publicUrl'>,
  policy: HostPolicy,
): RequestFacts {
  const local = connection.channel === 'local';
  const forwarded = resolveForwarded(env.trustProxy, request.socket.remoteAddress ?? '', {
    for: joined(request.headers['x-forwarded-for']),
    proto: joined(request.headers['x-forwarded-proto']),
  });
  const known = {
    // Around the proxy means in the clear, and only this machine may speak to us so.
    channel:
      connection.channel === 'main' &&
      !forwarded.throughProxy &&
      !connection.encrypted &&
      !isLoopback(forwarded.address)
        ? ('plaintext' as const)
        : connection.channel,
    address: local ? 'local' : forwarded.address,
    secure: connection.encrypted || (!local && secureByProxy(env, forwarded.proto)),
    host: (request.headers.host ?? '').toLowerCase(),
    origin: request.headers.origin,
  };
  return { ...known, originVerdict: policy.originOf(known) };
}

/** A trusted proxy that names no scheme serves the one of PUBLIC_URL. */
function secureByProxy(
  env: Pick<Environment, 'trustProxy' | 'publicUrl'>,
  proto: 'http' | 'https' | undefined,
) {
  if (env.trustProxy.kind === 'none') return false;
  return proto === undefined ? env.publicUrl?.startsWith('https:') === true : proto === 'https';
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
