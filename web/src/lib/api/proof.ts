export const proofKey = 'serverkit.session';

/** The half of the session that lives in this browser; the other half is a cookie that no script can read. */
export function readProof(): string | null {
  return localStorage.getItem(proofKey);
}

export function keepProof(proof: string): void {
  localStorage.setItem(proofKey, proof);
}

export function forgetProof(): void {
  localStorage.removeItem(proofKey);
}
