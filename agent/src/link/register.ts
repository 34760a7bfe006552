import { randomBytes } from 'node:crypto';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { fromBase64Url, keyIdOf, type SigningKey } from '@serverkit/wire/bytes.ts';
import { isKeySetVersion, type PinnedKey } from '@serverkit/wire/control-keys.ts';
import {
  ackTimeoutMs,
  makeRegistrationRequest,
  parseRegistrationToken,
  verifyRegistrationReply,
  type RegistrationAnswer,
  type RegistrationReply,
  type RegistrationRequest,
} from '@serverkit/wire/handshake.ts';
import { printable } from '../printable.ts';
import type { Endpoint } from './endpoint.ts';

const maxReplyBytes = 256 * 1024;

const mutation = `mutation Agent_Register($input: RegisterAgentInput!) {
  registerAgent(input: $input) { payload mac }
}`;

/** Registration failed; the message is a sentence for the person at the terminal. */
export class RegistrationError extends Error {
  /** The control plane's code (`TOKEN_USED`, `TOKEN_EXPIRED`, …), or `UNREACHABLE`, `MAN_IN_THE_MIDDLE`. */
  readonly code: string;
  /** True when trying again later, with the same token, can succeed. */
  readonly transient: boolean;

  constructor(code: string, message: string, transient = false) {
    super(message);
    this.code = code;
    this.transient = transient;
  }
}

/**
 * Trades a registration token for an identity. The secret half of the token never leaves the host: both sides
 * prove that they hold it, over everything they say, so nobody in between can swap a key.
 *
 * The same token with the same key gives the same answer again, so a lost reply is safe to retry.
 *
 * @throws RegistrationError
 */
export async function register(
  endpoint: Endpoint,
  token: string,
  key: SigningKey,
  facts: string,
): Promise<RegistrationAnswer> {
  const secret = parseRegistrationToken(token);
  if (!secret)
    throw new RegistrationError('TOKEN_INVALID', 'That is not a registration token; copy it again, whole.');
  const request = makeRegistrationRequest(secret, key, randomBytes(32), facts);
  const reply = await post(endpoint, request);
  if (!verifyRegistrationReply(request, secret.macKey, reply)) {
    throw new RegistrationError(
      'MAN_IN_THE_MIDDLE',
      'The answer does not come from the control plane that made this token. Nothing was kept. Somebody may be in between.',
    );
  }
  const answer = parseAnswer(reply.payload);
  if (!answer)
    throw new RegistrationError('PROTOCOL', 'The control plane answered something this agent cannot read.');
  return answer;
}

function parseAnswer(payload: string): RegistrationAnswer | null {
  const { v, agentId, serverId, name, keys, keySet, scopes } = parseObject(payload);
  if (v !== 1 || typeof agentId !== 'string' || typeof serverId !== 'string' || typeof name !== 'string')
    return null;
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string')) return null;
  if (!Array.isArray(keys) || !keys.every(isPinnedKey) || !keys.some(({ use }) => use === 'current')) {
    return null;
  }
  return { v, agentId, serverId, name, keys, ...(isKeySetVersion(keySet) ? { keySet } : {}), scopes };
}

function isPinnedKey(value: unknown): value is PinnedKey {
  if (typeof value !== 'object' || value === null) return false;
  const { id, use, publicKey }: Partial<Record<keyof PinnedKey, unknown>> = value;
  const raw = fromBase64Url(publicKey, 32);
  return raw !== null && keyIdOf(raw) === id && (use === 'current' || use === 'next' || use === 'recovery');
}

/** The members of a JSON object; none when the text is anything else. */
function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function post(endpoint: Endpoint, input: RegistrationRequest): Promise<RegistrationReply> {
  const body = JSON.stringify({ query: mutation, variables: { input } });
  const { secure, options } = requestOptions(endpoint);
  return new Promise((resolve, reject) => {
    const unreachable = (message: string) => reject(new RegistrationError('UNREACHABLE', message, true));
    const call = (secure ? httpsRequest : httpRequest)(
      {
        ...options,
        method: 'POST',
        // Of the whole exchange: a peer that sends a byte now and then must not hold us for ever.
        signal: AbortSignal.timeout(ackTimeoutMs),
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxReplyBytes) call.destroy(new Error('the answer is too large'));
          else chunks.push(chunk);
        });
        response.on('error', (error) => unreachable(`Registration failed: ${endpoint.explain(error)}`));
        response.on('end', () => {
          try {
            resolve(readReply(Buffer.concat(chunks).toString('utf8')));
          } catch (error) {
            if (error instanceof RegistrationError) reject(error);
            else
              unreachable(`HTTP ${response.statusCode ?? '?'} came back, and it is not ServerKit's answer.`);
          }
        });
      },
    );
    call.on('error', (error) => unreachable(`Registration failed: ${endpoint.explain(error)}`));
    call.end(body);
  });
}

function requestOptions(endpoint: Endpoint): { secure: boolean; options: RequestOptions } {
  const unix = /^ws\+unix:(.+):\/agent\/ws$/.exec(endpoint.url)?.[1];
  if (unix) return { secure: false, options: { socketPath: unix, path: '/graphql' } };
  const url = new URL(endpoint.url);
  const secure = url.protocol === 'wss:';
  return {
    secure,
    options: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (secure ? 443 : 80),
      path: url.pathname.replace(/\/agent\/ws$/, '/graphql'),
      ...endpoint.tls,
    },
  };
}

/** @throws RegistrationError what the control plane says is wrong; Error when it is not its answer at all */
function readReply(text: string): RegistrationReply {
  const { data, errors } = parseObject(text);
  const problem: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (isRecord(problem)) {
    const { message, extensions } = problem;
    const code =
      isRecord(extensions) && typeof extensions['code'] === 'string' ? extensions['code'] : 'REFUSED';
    // Anybody on the way can have written this, and it is shown on root's terminal.
    throw new RegistrationError(printable(code, 40), printable(typeof message === 'string' ? message : ''));
  }
  const answer = isRecord(data) ? data['registerAgent'] : undefined;
  if (!isRecord(answer)) throw new Error('unexpected answer');
  const { payload, mac } = answer;
  if (typeof payload !== 'string' || typeof mac !== 'string') throw new Error('unexpected answer');
  return { payload, mac };
}
