import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** The Node that the lockfile pins for this platform; the one running this file until it is installed. */
export function pinnedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const file = resolve(`node_modules/node-${platform}-${process.arch}/bin/${name}`);
  return existsSync(file) ? file : process.execPath;
}

/** The environment in which the project's tools run: its own binaries first on PATH. */
export function toolEnv() {
  const path = [resolve('node_modules/.bin'), process.env['PATH']].filter(Boolean).join(delimiter);
  return { ...process.env, PATH: path };
}

/** A failed step: the sentence to show, and the last of what the command printed. */
export class StepFailed extends Error {
  /**
   * @param {string} message
   * @param {string} output
   */
  constructor(message, output) {
    super(message);
    this.output = output;
  }
}

/**
 * Runs a script under the pinned Node, quietly; what it printed is shown only when it fails.
 * @param {string} script
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, node?: string }} [options]
 * @returns {Promise<string>}
 */
export function runScript(script, args, { cwd = '.', env = {}, node = pinnedNode() } = {}) {
  const shown = `${script.replace(/^.*node_modules[\\/]/, '')} ${args.join(' ')}`.trim();
  return new Promise((done, fail) => {
    const child = spawn(node, [resolve(script), ...args], {
      cwd,
      env: { ...toolEnv(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk).slice(-100_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => fail(new StepFailed(`could not run ${shown}: ${error.message}`, output)));
    child.once('close', (code, signal) => {
      if (code === 0) done(output);
      else fail(new StepFailed(`${shown} ended with ${signal ?? code}`, output));
    });
  });
}

/**
 * Finds npm's own script, so that it can be run without a shell on any platform.
 * @returns {string}
 */
export function npmScript() {
  const candidates = [
    process.env['npm_execpath'],
    join(process.execPath, '../../lib/node_modules/npm/bin/npm-cli.js'),
    join(process.execPath, '../node_modules/npm/bin/npm-cli.js'),
    ...(process.env['PATH'] ?? '')
      .split(delimiter)
      .map((folder) => join(folder, '../lib/node_modules/npm/bin/npm-cli.js')),
  ];
  const found = candidates.find((file) => file?.endsWith('npm-cli.js') && existsSync(file));
  if (!found) throw new StepFailed('npm was not found: start with `npm start`, or put npm on PATH', '');
  return found;
}
