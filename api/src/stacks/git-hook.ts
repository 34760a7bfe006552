import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Throttle } from '../identity/service.ts';
import { isServerKitError } from '../errors.ts';
import { addressKey } from '../http/address-key.ts';
import { BodyError, readBody, sendText, type Exchange } from '../http/exchange.ts';
import { kindOfId } from '../ids.ts';
import type { Platform } from '../platform.ts';
import type { Services } from '../services.ts';
import { hookOf, hookPath } from './git-source.ts';

/** A push of many commits is far smaller. Bytes. */
const maxBody = 2 * 1024 * 1024;

/** Refused ones of one place. */
const strangers = { free: 20, firstWaitMs: 1_000, longestWaitMs: 60_000, maxKeys: 10_000 } as const;
/** Good ones of one source: whoever recorded one could send it again and again. */
const deliveries = { free: 30, firstWaitMs: 2_000, longestWaitMs: 60_000, maxKeys: 10_000 } as const;
/** The same of other branches, which have nothing done and take nothing from those that have. */
const elsewhere = { ...deliveries, free: 600 } as const;

/** Compared with where there is no secret, so that it takes as long. */
const nobodys = createHash('sha256').update('nobody').digest();

/**
 * Whether a delivery proves to know the secret: by a signature over its body (GitHub, Gitea, Forgejo), or by telling it
 * (GitLab).
 */
export function isDelivery(secret: Buffer | null, headers: IncomingHttpHeaders, body: Buffer): boolean {
  const key = secret ?? nobodys;
  const { 'x-hub-signature-256': signature, 'x-gitlab-token': token } = headers;
  const signed = createHmac('sha256', key).update(body).digest();
  const given = /^sha256=([0-9a-f]{64})$/.exec(String(signature))?.[1];
  const bySignature = timingSafeEqual(signed, given === undefined ? nobodys : Buffer.from(given, 'hex'));
  const hash = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
  const byToken = timingSafeEqual(hash(key), hash(Buffer.from(String(token ?? ''))));
  return secret !== null && ((given !== undefined && bySignature) || (token !== undefined && byToken));
}

/** Whether a push is to another branch, as far as its body tells. */
function isElsewhere(body: Buffer, branch: string): boolean {
  try {
    const push: unknown = JSON.parse(body.toString());
    if (typeof push !== 'object' || push === null || !('ref' in push)) return false;
    return typeof push.ref === 'string' && push.ref !== `refs/heads/${branch}`;
  } catch {
    return false;
  }
}

interface Needs {
  readonly platform: Pick<Platform, 'vault'>;
  readonly services: Pick<Services, 'audit' | 'gitSources'>;
  /** Something was announced. */
  readonly wake: () => void;
}

/** Answers webhooks. Whoever is refused is told the same for every reason, and why is on record. */
export function createHookHandler({ platform: { vault }, services: { audit, gitSources }, wake }: Needs) {
  const refusals = new Throttle(strangers);
  const accepted = new Throttle(deliveries);
  const passedOver = new Throttle(elsewhere);

  const announce = async (id: string): Promise<void> => {
    try {
      accepted.attempt(id);
    } catch (error) {
      // It may be the last one for long, so what it announces is not lost.
      await gitSources.announce(id, { patient: true });
      throw error;
    }
    await gitSources.announce(id);
    wake();
  };

  return async ({ request, response, facts, path }: Exchange): Promise<void> => {
    const place = addressKey(facts.address);
    const id = path.slice(hookPath.length);
    const refuse = (code: string): void => {
      audit.refused({
        actor: { kind: 'anonymous', address: facts.address },
        action: 'gitSource.hook',
        code,
        ...(kindOfId(id) === 'gitSource' && { target: { kind: 'gitSource', id: id.slice(0, 40) } }),
      });
      response.setHeader('connection', 'close');
      sendText(response, 404, 'There is nothing here.');
    };
    try {
      refusals.attempt(place);
      const body = await readBody(request, maxBody);
      const source = kindOfId(id) === 'gitSource' ? await gitSources.findById(id) : null;
      const secret = source?.sealedHook ? vault.open(source.sealedHook, hookOf(source)) : null;
      if (!isDelivery(secret, request.headers, body) || !source) return refuse('CREDENTIALS_INVALID');
      refusals.refund(place);
      if (isElsewhere(body, source.branch)) passedOver.attempt(id);
      else await announce(id);
      sendText(response, 202, 'Thank you.');
    } catch (error) {
      if (error instanceof BodyError) return refuse('INPUT_INVALID');
      if (isServerKitError(error, 'RATE_LIMITED')) return refuse('RATE_LIMITED');
      throw error;
    }
  };
}
