/** Whether what listens at this address listens at every address of the machine. */
export function isAnyAddress(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}

/** The host of a URL at which this machine reaches what listens at this address. */
export function urlHost(ip: string): string {
  if (ip === '0.0.0.0') return '127.0.0.1';
  if (ip === '::') return '[::1]';
  return ip.includes(':') ? `[${ip}]` : ip;
}
