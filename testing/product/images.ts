import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hold } from '../hold.ts';
import { cacheFolder, testImages } from '../images.ts';
import { tempDir } from '../tmp.ts';
import { build, dropImagesOfGoneCheckouts } from './checkout-tags.ts';
import { npmImage } from './npm-image.ts';

/** The product's images as built from this checkout. */
export interface ProductImages {
  readonly controlPlane: string;
  readonly agent: string;
  /** Debian's PostgreSQL with the interface of the official image. */
  readonly postgres: string;
  /** What `deploy/Dockerfile` takes as arguments here, where no registry is within reach. */
  readonly bases: Readonly<Record<'BUILD_IMAGE' | 'BASE_IMAGE', string>>;
}

let building: Promise<ProductImages> | undefined;

/** Builds the images, or what of them changed since; a minute or two the first time. */
export function productImages(): Promise<ProductImages> {
  building ??= buildAll();
  return building;
}

async function buildAll(): Promise<ProductImages> {
  // Suites run in processes of their own: the second one finds everything done by the first.
  await using _alone = await hold(join(cacheFolder(), 'images.lock'));
  const bases = { BUILD_IMAGE: await npmImage(), BASE_IMAGE: testImages.debian };
  const args = Object.entries(bases).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  // Without a network: the sources, the locked packages and the bases are all that an image is made of. Stages get tags,
  // or nobody could tell which of the nameless images still serve as the cache.
  const product = async (name: string, file: string, ...stages: readonly string[]): Promise<string> => {
    const common = ['--network', 'none', ...args, '--file', file, '.'];
    for (const stage of stages) await build(`${name}-${stage}`, ['--target', stage, ...common]);
    return build(name, common);
  };
  const images = {
    controlPlane: await product('serverkit', 'deploy/Dockerfile', 'manifests', 'runtime', 'build', 'product'),
    agent: await product('agent', 'deploy/agent.Dockerfile', 'product'),
    postgres: await postgresImage(),
    bases,
  };
  await dropImagesOfGoneCheckouts();
  return images;
}

async function postgresImage(): Promise<string> {
  await using context = await tempDir('serverkit-postgres-');
  await cp('testing/product/postgres-entrypoint.sh', context.file('entrypoint.sh'));
  await writeFile(
    context.file('Dockerfile'),
    `FROM ${testImages.postgres}\nCOPY entrypoint.sh /\nVOLUME /var/lib/postgresql\nENTRYPOINT ["bash", "/entrypoint.sh"]\n`,
  );
  return await build('postgres', [context.path]);
}
