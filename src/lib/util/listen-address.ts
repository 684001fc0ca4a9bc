import { withoutBrackets } from './host.js';
import { isLoopbackHost } from './loopback.js';

/** Whether a server at this address listens on all addresses of the machine. */
export function isAnyAddress(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}

/** Returns the host of a URL with which this machine connects to a server at this address. */
export function urlHost(ip: string): string {
  if (ip === '0.0.0.0') return '127.0.0.1';
  if (ip === '::') return '[::1]';
  return ip.includes(':') ? `[${ip}]` : ip;
}

/** Whether the host of a URL is the machine that uses the URL: a loopback host, or an address that stands for all of a machine. */
export function isOwnHost(host: string): boolean {
  return isLoopbackHost(host) || isAnyAddress(withoutBrackets(host));
}
