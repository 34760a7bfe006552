import type { Command } from '../command.ts';
import { readConfig, writeConfig } from '../config.ts';
import { usage } from '../failure.ts';

export const contexts: Command = {
  usage: 'contexts',
  summary: 'list the control planes you are signed in to',
  async run({ env, output }) {
    const config = readConfig(env);
    const rows = Object.entries(config.contexts).map(([name, { url }]) => ({
      name,
      url,
      current: name === config.current,
    }));
    if (output.json) for (const row of rows) await output.object(row);
    else {
      const cells = rows.map(({ name, url, current }) => [
        { text: current ? '*' : '' },
        { text: name },
        { text: url },
      ]);
      await output.write(output.table(['', 'NAME', 'URL'], cells));
    }
  },
};

export const use: Command = {
  usage: 'use NAME',
  summary: 'choose the control plane to talk to',
  run({ env, positionals: [name] }) {
    const config = readConfig(env);
    if (name === undefined || !config.contexts[name]) throw usage('Name one of: serverkit contexts.');
    writeConfig(env, { ...config, current: name });
    return Promise.resolve();
  },
};

export const logout: Command = {
  usage: 'logout [NAME]',
  summary: 'forget a token; revoke it in the dashboard',
  run({ env, positionals: [given] }) {
    const { current, contexts: known } = readConfig(env);
    const name = given ?? current;
    if (name === undefined || !known[name]) throw usage('Name one of: serverkit contexts.');
    const left = Object.fromEntries(Object.entries(known).filter(([one]) => one !== name));
    writeConfig(env, { current: current === name ? Object.keys(left)[0] : current, contexts: left });
    return Promise.resolve();
  },
};
