/** The public API of `kitectl/proxy`, for programs that run a reverse proxy or a tunnel proxy. */
export type { ProxyName } from './kite/proxied/proxy-link.js';
export { defaultProxyLimits, type ProxyLimits } from './proxy/limits/proxy-limits.js';
export { ReverseProxy, type ReverseProxyOptions } from './proxy/reverse/reverse-proxy.js';
export type { ProxiedKiteStatus, ProxyStatus } from './proxy/shared/proxy-kite.js';
export type { ProxyOptions } from './proxy/shared/proxy-options.js';
export { TunnelProxy, type TunnelProxyOptions } from './proxy/tunnel/tunnel-proxy.js';
