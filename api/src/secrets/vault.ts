/** Encryption at rest with a key that lives in the data directory (AES-256-GCM). */
export interface Vault {
  /**
   * Seals bytes for storage.
   * @param context - what the value is and whose, such as `registration:rt_abc`; the same is needed to open it,
   *   so a sealed value cannot be moved to another row
   */
  seal(plain: Uint8Array, context: string): Buffer;
  /** @throws VaultError when the value was altered, moved, or sealed by another installation */
  open(sealed: Uint8Array, context: string): Buffer;
  /** A 32-byte key for one purpose, derived with HKDF-SHA-256; stable for this installation. */
  derive(purpose: string): Buffer;
}
