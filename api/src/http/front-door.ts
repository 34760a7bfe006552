/** What the machine outside can use to reach us, as far as we can know it. */
export interface FrontDoor {
  /** The base URL people and agents use, without a trailing slash: PUBLIC_URL, else the best guess. */
  publicUrl(): string;
  /** The origin a browser on this machine opens; what the ready line prints. */
  localUrl(): string;
  /** Whether another machine can dial in, and if not, what to set. */
  joinability(): Joinability;
  /** Our own certificate authority; undefined when a given certificate, a proxy or loopback makes it needless. */
  authority(): Authority | undefined;
  /** Path of the private socket that the agent on this machine dials. */
  readonly localSocket: string;
}

export type Joinability =
  { readonly possible: true; readonly url: string } | { readonly possible: false; readonly reason: string };

export interface Authority {
  readonly certificatePem: string;
  /** SHA-256 over the DER form, lower-case hex without separators. */
  readonly fingerprint: string;
}
