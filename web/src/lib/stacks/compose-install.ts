/**
 * Installs Docker Compose 2 where the operating system calls itself this, or its version 1 where there is no other: Docker's
 * own repository first (docker-compose-plugin), for those who have it, then the package of the distribution. Where no
 * package is known, Docker's release, where every docker command looks for it
 * (https://docs.docker.com/compose/install/linux/).
 *
 * @param osName - NAME of /etc/os-release, such as Debian GNU/Linux
 */
export function composeInstall(osName: string | undefined): string {
  const system = (osName ?? '').toLowerCase();
  return ways.find(({ names }) => names.some((name) => system.includes(name)))?.command ?? release;
}

const either = (install: string, own: string): string =>
  `sudo ${install} docker-compose-plugin || sudo ${install} ${own}`;
const apt = (own: string): string => `sudo apt-get update; ${either('apt-get install -y', own)}`;

const ways: readonly { readonly names: readonly string[]; readonly command: string }[] = [
  { names: ['ubuntu', 'mint', 'pop!_os'], command: apt('docker-compose-v2') },
  { names: ['debian', 'raspbian'], command: apt('docker-compose') },
  { names: ['fedora'], command: either('dnf install -y', 'docker-compose') },
  {
    names: ['red hat', 'centos', 'rocky', 'alma', 'oracle'],
    command: 'sudo dnf install -y docker-compose-plugin',
  },
  { names: ['alpine'], command: 'apk add docker-cli-compose' },
  { names: ['arch', 'manjaro'], command: 'sudo pacman -S docker-compose' },
  { names: ['suse'], command: 'sudo zypper install docker-compose' },
];

const plugins = '/usr/local/lib/docker/cli-plugins';
const release = [
  `sudo mkdir -p ${plugins}`,
  `sudo curl -fsSL "https://github.com/docker/compose/releases/latest/download/docker-compose-linux-$(uname -m)" -o ${plugins}/docker-compose`,
  `sudo chmod +x ${plugins}/docker-compose`,
].join(' && ');
