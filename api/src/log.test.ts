import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';

const logged = async (write: (log: Awaited<ReturnType<typeof createLog>>) => void): Promise<string> => {
  const output = new PassThrough();
  write(await createLog({ logLevel: 'info' }, output));
  output.end();
  return text(output);
};

describe('createLog', () => {
  it('writes one JSON object per line, with the level in words', async () => {
    const line = await logged((log) => log.info({ port: 4000 }, 'listening'));
    expect(JSON.parse(line)).toMatchObject({ level: 'info', port: 4000, msg: 'listening' });
  });

  it('takes out values by the name of their field, however deep', async () => {
    const line = await logged((log) =>
      log.info(
        { input: { email: 'a@b.example', password: 'hunter2', nested: [{ apiKey: 'hunter3' }] } },
        'sign in',
      ),
    );
    expect(line).toContain('a@b.example');
    expect(line).not.toMatch(/hunter/);
  });

  it('takes out tokens, bearer headers and passwords in URLs wherever they stand', async () => {
    const line = await logged((log) => {
      log.info('registering with sk_reg_abc123_S3cretS3cret');
      log.info({ detail: 'Authorization: Bearer abc.def' }, 'asked');
      log.error({ err: new Error('connect postgresql://kit:hunter2@db:5432/kit') }, 'failed');
    });
    expect(line).not.toMatch(/S3cret|abc\.def|hunter2/);
    expect(line).toContain('postgresql://kit:[redacted]@db:5432/kit');
  });

  it('shows bytes as a count and ends in cycles', async () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const line = await logged((log) => log.info({ bytes: Buffer.from('hello'), cycle }, 'odd'));
    expect(line).toContain('[5 bytes]');
    expect(line).toContain('[too deep]');
  });
});
