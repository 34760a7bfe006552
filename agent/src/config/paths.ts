import path from 'node:path';

/** Where the agent keeps what, unless its configuration says otherwise. */
export interface DefaultPaths {
  readonly configFile: string;
  readonly stateDir: string;
  readonly keyFile: string;
  readonly dockerSocket: string;
}

export function defaultPaths(platform: NodeJS.Platform = process.platform): DefaultPaths {
  if (platform === 'win32') {
    const base = path.win32.join(process.env['ProgramData'] ?? 'C:\\ProgramData', 'ServerKit', 'Agent');
    return {
      configFile: path.win32.join(base, 'config.yaml'),
      stateDir: path.win32.join(base, 'state'),
      keyFile: path.win32.join(base, 'agent.key'),
      dockerSocket: '//./pipe/docker_engine',
    };
  }
  return {
    configFile: '/etc/serverkit-agent/config.yaml',
    stateDir: platform === 'darwin' ? '/usr/local/var/serverkit-agent' : '/var/lib/serverkit-agent',
    keyFile: '/etc/serverkit-agent/agent.key',
    dockerSocket: '/var/run/docker.sock',
  };
}
