import { join } from 'node:path';

/** Images that scripts/provision.sh imports into the local engine; no registry is involved. */
export const testImages = {
  /** Debian's static busybox and nothing else, 2 MB. */
  busybox: 'serverkit-test/busybox:1',
  /** Debian 12 with systemd, for containers whose process 1 it is. */
  systemd: 'serverkit-test/systemd:bookworm',
  /** That, and the reverse proxies that docs/deploy.md speaks of. */
  proxies: 'serverkit-test/proxies:bookworm',
  /** Debian 13 and nothing else: what the images of the product stand on here. */
  debian: 'serverkit-test/debian:trixie',
  /** Debian's PostgreSQL 17. */
  postgres: 'serverkit-test/postgres:17',
} as const;

/** Where scripts/provision.sh keeps what is dear to make, outside the checkout. */
export const cacheFolder = (): string => process.env['SERVERKIT_TEST_CACHE'] ?? '/var/cache/serverkit-test';

/** A minimal Debian 12 as a tarball (no curl, no certificates), for tests that install on a bare machine. */
export const rootfsArchive = (): string => join(cacheFolder(), 'bookworm.tar');
