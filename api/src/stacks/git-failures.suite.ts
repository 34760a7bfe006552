import { describe, expect, test, vi } from 'vitest';
import { ServerKitError, type ErrorCode } from '../errors.ts';
import { two, type GitStage } from './testing.ts';

/** Attempts that fail, and those that follow them. */
export function failures(git: GitStage): void {
  describe('what goes wrong and may go well the next time', () => {
    const minute = 60_000;
    const away = (code: ErrorCode) =>
      vi
        .spyOn(git.api.services.agents.commands, 'link')
        .mockRejectedValue(new ServerKitError(code, 'Not now.'));
    const round = (ms = 0) => git.api.services.gitSources.conductor.round(Date.now() + ms);
    const waits = async (): Promise<number> => {
      const { retryAt, checkedAt } = await git.row();
      return Math.round((Number(retryAt) - Number(checkedAt)) / minute);
    };

    test('is tried again later each time, an hour at most, and all is forgotten when it goes well', async () => {
      await git.running({ pollSeconds: 60 });
      const link = away('GIT_ERROR');
      const pauses: number[] = [];
      for (let count = 0; count < 8; count += 1) {
        await round(24 * 60 * minute);
        pauses.push(await waits());
      }
      expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
      const asked = link.mock.calls.length;
      await round(59 * minute);
      expect(link.mock.calls.length, 'it is left alone').toBe(asked);
      expect(await git.api.services.gitSources.hold(await git.row())).toBe('paused');
      git.agent();
      await round(61 * minute);
      expect(await git.row()).toMatchObject({ failures: 0, retryAt: null, failure: null });
    });

    test('has a push that was announced meanwhile deployed in the end, where nothing is asked by itself', async () => {
      const { source } = await git.running();
      away('GIT_ERROR');
      await git.api.services.gitSources.announce(source.id);
      await round();
      expect(await git.row()).toMatchObject({ wanted: true, failure: 'Not now.' });
      git.agent();
      git.head = two;
      await round();
      expect(git.deployed, 'it is left alone').toEqual([]);
      await round(61_000);
      expect(git.deployed).toMatchObject([{ commit: two }]);
      // The deployment itself comes at a bad moment.
      await git.ends(two, { code: 'CONFLICT', message: 'Somebody deploys it right now.' });
      await round();
      expect(await git.row()).toMatchObject({ wanted: true, failedCommit: null });
      await round(61_000);
      expect(git.deployed).toMatchObject([{ commit: two }, { commit: two }]);
    });

    test('does not wait once somebody pushes', async () => {
      const { source } = await git.running();
      away('GIT_ERROR');
      await git.api.services.gitSources.announce(source.id);
      await round();
      git.agent();
      git.head = two;
      await git.api.services.gitSources.announce(source.id);
      await round();
      expect(git.deployed).toMatchObject([{ commit: two }]);
    });

    test('is not tried again where somebody ended it', async () => {
      await git.running({ pollSeconds: 60 });
      git.head = two;
      await round(61_000);
      const { jobs } = git.api.services;
      const job = await jobs.require(String(git.deployed.at(-1)?.['jobId']));
      const error = { code: 'CANCELLED', message: 'It was cancelled.' } as const;
      await jobs.records.end(job, { state: 'cancelled', result: null, error });
      await round(24 * 60 * minute);
      await round(24 * 60 * minute);
      expect(git.deployed).toHaveLength(1);
      expect(await git.row()).toMatchObject({ failedCommit: two, wanted: false });
      expect(await git.api.services.gitSources.hold(await git.row())).toBe('failed');
    });
  });
}
