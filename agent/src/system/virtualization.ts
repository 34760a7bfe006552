import { existsSync } from 'node:fs';
import { readText } from './read-text.ts';

/** What firmware tables say of the machine (systemd, src/basic/virt.c has the longer list). */
const vendors: readonly (readonly [RegExp, string])[] = [
  [/KVM|QEMU|Google Compute Engine|Amazon EC2|DigitalOcean|Hetzner|OpenStack|Scaleway/i, 'kvm'],
  [/VMware/i, 'vmware'],
  [/VirtualBox|innotek/i, 'oracle'],
  [/Microsoft Corporation.*Virtual Machine/i, 'microsoft'],
  [/Xen/i, 'xen'],
  [/Parallels/i, 'parallels'],
  [/BHYVE/i, 'bhyve'],
  [/Apple Virtualization/i, 'apple'],
];

/** kvm, vmware, docker, lxc, …; null on bare metal, or where it cannot be told without starting a process. */
export function virtualization(root = ''): string | null {
  const container = readText(`${root}/run/systemd/container`).trim();
  if (container) return container;
  if (existsSync(`${root}/.dockerenv`)) return 'docker';
  if (existsSync(`${root}/run/.containerenv`)) return 'podman';
  const dmi = `${root}/sys/class/dmi/id`;
  const machine = ['sys_vendor', 'product_name', 'board_vendor']
    .map((file) => readText(`${dmi}/${file}`).trim())
    .join(' ');
  const known = vendors.find(([pattern]) => pattern.test(machine));
  if (known) return known[1];
  return /^flags\s*:.*\bhypervisor\b/m.test(readText(`${root}/proc/cpuinfo`)) ? 'vm' : null;
}
