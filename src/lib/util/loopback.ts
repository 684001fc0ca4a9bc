/** Whether a host, by name or address, is this machine alone. IPv6 addresses with or without their brackets. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}
