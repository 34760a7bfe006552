/** How the process ends, for scripts and supervisors. */
export const exitCodes = {
  ok: 0,
  /** It failed; starting it again may help. */
  failure: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** `status`: no agent runs (as the Linux Standard Base has it for init scripts). */
  notRunning: 3,
  /** Asked for by the control plane: start it again. */
  restart: 75,
  /** The control plane revoked this agent: starting it again is of no use. */
  revoked: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends a command with a sentence for the person at the terminal. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = exitCodes.failure) {
    super(message);
    this.exitCode = exitCode;
  }
}
