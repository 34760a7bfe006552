const MASK = '••••••';

/** `NAME=value` with the value masked. */
export function maskedVariables(variables: readonly unknown[]): string[] {
  return variables.map((variable) => `${variableName(String(variable))}=${MASK}`);
}

export function variableName(variable: string): string {
  const end = variable.indexOf('=');
  return end < 0 ? variable : variable.slice(0, end);
}

/**
 * A name that says secret, and all up to the next assignment or program: history has no quotes, so that nobody can tell
 * where a value with spaces ends.
 */
const assignment =
  /\b([\w.-]*(?:pass|pwd|secret|token|credential|api_?key|access_?key|private)[\w.-]*=).*?(?=\s+[A-Za-z_]\w*=|\s+\/\S+ -|\s+#|$)/gis;
/** A user and password in an address. */
const address = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;

/** An instruction of a build, the values of what is called a password, token, … masked. */
export function withoutSecrets(instruction: string): string {
  return instruction.replace(address, `$1${MASK}@`).replace(assignment, `$1${MASK}`);
}
