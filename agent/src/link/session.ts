import type { KeyObject } from 'node:crypto';
import { keyIdOf, publicKeyFromRaw } from '@serverkit/wire/bytes.ts';
import { openEnvelope, type Envelope } from '@serverkit/wire/envelope.ts';
import { sessionIdOf, type LinkFacts } from '@serverkit/wire/handshake.ts';
import { AgentError } from '../errors.ts';
import type { KeySession } from '../identity/keyring.ts';

/** What was agreed in the handshake of one link, and which operations it has carried. */
export interface Session {
  readonly id: string;
  /** Scope patterns the control plane allows on this server, signed into the handshake. */
  readonly serverScopes: readonly string[];
  /** The keys that both sides proved this link with. */
  readonly keys: KeySession;
  /**
   * Checks that an operation is the control plane's own, meant for this very session, agent and message, still
   * fresh and never seen before.
   *
   * @throws AgentError SIGNATURE_INVALID, ENVELOPE_MISMATCH, ENVELOPE_EXPIRED or ENVELOPE_REPLAYED
   */
  admit(messageId: string, signed: unknown): Envelope;
}

/**
 * @param now a monotonic clock in milliseconds
 * @param onAdmitted called for each operation that was admitted
 */
export function createSession(
  facts: LinkFacts,
  now: () => number = () => performance.now(),
  onAdmitted: () => void = () => undefined,
): Session {
  const id = sessionIdOf(facts);
  const controlKey: KeyObject = publicKeyFromRaw(facts.controlKey);
  const keyId = keyIdOf(facts.controlKey);
  const startedAt = now();
  /** Ids that were admitted, with the session time until which their envelope could come again. */
  const seen = new Map<string, number>();

  function forgetExpired(elapsed: number): void {
    for (const [known, until] of seen) {
      if (until >= elapsed) return;
      seen.delete(known);
    }
  }

  return {
    id,
    serverScopes: facts.scopes,
    keys: { agentKeyId: keyIdOf(facts.agentKey), controlKey: facts.controlKey },
    admit(messageId, signed) {
      const envelope = openEnvelope(signed, controlKey);
      if (!envelope)
        throw refused('SIGNATURE_INVALID', 'is not signed by the control plane this agent trusts');
      if (envelope.keyId !== keyId) throw refused('SIGNATURE_INVALID', 'names another key than signed it');
      if (envelope.sessionId !== id) throw refused('ENVELOPE_MISMATCH', 'belongs to another session');
      if (envelope.agentId !== facts.agentId)
        throw refused('ENVELOPE_MISMATCH', 'is meant for another agent');
      if (envelope.id !== messageId) throw refused('ENVELOPE_MISMATCH', 'is meant for another message');
      const elapsed = now() - startedAt;
      if (elapsed - envelope.sessionMs > envelope.ttlMs) throw refused('ENVELOPE_EXPIRED', 'came too late');
      if (envelope.sessionMs - elapsed > clockAheadMs)
        throw refused('ENVELOPE_MISMATCH', 'comes from the future');
      if (seen.has(envelope.id)) throw refused('ENVELOPE_REPLAYED', 'was seen before');
      // Ordered by expiry closely enough: a longer-lived one in front only delays forgetting those behind it.
      seen.set(envelope.id, envelope.sessionMs + envelope.ttlMs + clockAheadMs);
      forgetExpired(elapsed);
      onAdmitted();
      return envelope;
    },
  };
}

/**
 * How far the control plane's session clock may run ahead of ours, in milliseconds: it starts when
 * `connection_init` is sent and ours when it arrives, so the difference is one network delay.
 */
const clockAheadMs = 60_000;

function refused(
  code: 'SIGNATURE_INVALID' | 'ENVELOPE_MISMATCH' | 'ENVELOPE_EXPIRED' | 'ENVELOPE_REPLAYED',
  why: string,
) {
  return new AgentError(code, `Refused: the operation ${why}.`);
}
