import { describe, expect, it } from 'vitest';
import { ServerKitError } from '../errors.ts';
import { isUncertain, settledBy, type Outcome } from './outcome.ts';

const outcome = (state: Outcome['state'], more: Partial<Outcome> = {}): Outcome => ({
  state,
  errorCode: null,
  errorMessage: null,
  ...more,
});
const lost = (code: ServerKitError['code']) => new ServerKitError(code, 'lost');

describe('what a journal’s word means for a command', () => {
  it.each([
    ['SUCCEEDED', 'succeeded', undefined],
    ['UNKNOWN', 'not_sent', 'AGENT_OFFLINE'],
    ['INTERRUPTED', 'interrupted', 'OUTCOME_UNKNOWN'],
    ['FAILED', 'failed', 'AGENT_FAILED'],
    ['REFUSED', 'refused', 'AGENT_FAILED'],
  ] as const)('%s: %s', (state, settled, code) => {
    const { state: row, error } = settledBy(outcome(state), lost('OUTCOME_UNKNOWN')) ?? {};
    expect(row).toBe(settled);
    expect(error?.code).toBe(code);
  });

  it('nothing yet while it is under way', () => {
    expect(settledBy(outcome('STARTED'))).toBeUndefined();
  });

  it('keeps the agent’s own reason, in words that can be shown', () => {
    const failed = outcome('FAILED', { errorCode: 'NOT_FOUND', errorMessage: 'no such\u0000 container' });
    expect(settledBy(failed)?.error).toMatchObject({ code: 'NOT_FOUND', message: 'no such  container' });
    const odd = outcome('FAILED', { errorCode: 'MADE_UP', errorMessage: 'x' });
    expect(settledBy(odd)?.error?.code).toBe('AGENT_FAILED');
  });

  it.each(['CANCELLED', 'AGENT_TIMEOUT'] as const)(
    'one never begun stays %s when that is how it was lost',
    (code) => {
      expect(settledBy(outcome('UNKNOWN'), lost(code))?.error?.code).toBe(code);
      expect(settledBy(outcome('FAILED', { errorCode: 'CANCELLED' }), lost(code))?.error?.code).toBe(code);
    },
  );
});

describe('whether a failure leaves open what happened', () => {
  it.each([
    'OUTCOME_UNKNOWN',
    'AGENT_TIMEOUT',
    'CANCELLED',
    'AGENT_PROTOCOL_ERROR',
    'RESULT_TOO_LARGE',
  ] as const)('%s does', (code) => {
    expect(isUncertain(lost(code))).toBe(true);
  });

  it.each(['AGENT_OFFLINE', 'AGENT_REFUSED', 'NOT_FOUND', 'DOCKER_ERROR', 'INPUT_INVALID'] as const)(
    '%s does not',
    (code) => {
      expect(isUncertain(lost(code))).toBe(false);
    },
  );

  it('what the agent itself refused does not', () => {
    const refused = new ServerKitError('AGENT_PROTOCOL_ERROR', 'x', {
      details: { agentCode: 'SIGNATURE_INVALID' },
    });
    expect(isUncertain(refused)).toBe(false);
  });
});
