import { writeFile } from 'node:fs/promises';
import { docker, uniqueName } from '../../../testing/docker.ts';
import type { PrivateEngine } from '../../../testing/private-engine.ts';
import { testImages } from '../../../testing/images.ts';
import { tempDir } from '../../../testing/tmp.ts';

/** An image of a test's own, gone with its block. */
export interface TestImage extends AsyncDisposable {
  /** `sha256:…` */
  readonly id: string;
  /** `name:1`, where nothing else has that name. */
  readonly tag: string;
}

/**
 * @param instructions - of a Dockerfile, on top of busybox
 * @param engine - on the host's when absent
 */
export async function image(
  instructions: readonly string[],
  engine?: Pick<PrivateEngine, 'cli'>,
): Promise<TestImage> {
  const cli = (...args: readonly string[]): Promise<string> =>
    engine ? engine.cli(...args) : docker(...args);
  const tag = `${uniqueName()}:1`;
  await using context = await tempDir('sk-image-');
  await writeFile(context.file('Dockerfile'), [`FROM ${testImages.busybox}`, ...instructions, ''].join('\n'));
  await cli('build', '--quiet', '--force-rm', '--network', 'none', '--tag', tag, context.path);
  const id = (await cli('image', 'inspect', '--format', '{{.Id}}', tag)).trim();
  return {
    id,
    tag,
    async [Symbol.asyncDispose]() {
      await cli('image', 'rm', '--force', id).catch((error: unknown) => {
        if (!String(error).includes('No such image')) throw error;
      });
    },
  };
}
