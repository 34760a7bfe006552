interface PortMapping {
  readonly address?: string | null | undefined;
  readonly privatePort: number;
  readonly publicPort?: number | null | undefined;
  readonly protocol: string;
}

/** Published ports as `8080→80`, once for IPv4 and IPv6 alike; `/udp` is named because it is rare. */
export function portText(ports: readonly PortMapping[]): string {
  const texts = ports
    .filter(({ publicPort }) => publicPort)
    .map(({ publicPort, privatePort, protocol }) => {
      const kind = protocol === 'tcp' ? '' : `/${protocol}`;
      return publicPort === privatePort ? `${publicPort}${kind}` : `${publicPort}→${privatePort}${kind}`;
    });
  return [...new Set(texts)].join(', ');
}
