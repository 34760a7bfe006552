/** What a viewer may have been sent and not shown yet. Characters. */
const mostUnshown = 128 * 1024;

/**
 * How far a viewer's screen is behind what was sent to it: a browser takes everything off its socket at once and shows it
 * when it can, so that its socket alone never holds anybody back.
 */
export class ViewerWindow {
  #unshown = 0;
  #wake: (() => void) | undefined;

  /** Resolves when little enough is unshown, or nobody looks any more. */
  async sent(characters: number, signal: AbortSignal): Promise<void> {
    this.#unshown += characters;
    while (this.#unshown > mostUnshown && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  shown(characters: number): void {
    this.#unshown = Math.max(0, this.#unshown - characters);
    this.#wake?.();
  }
}
