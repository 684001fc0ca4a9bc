import type { IncomingMessage } from 'node:http';
import type { ProxyRefusalType } from '../../errors/error-codes.js';
import { withoutPort } from '../../util/host.js';
import type { ProxyEntry, ProxyTable } from '../shared/proxy-table.js';
import type { BackendUrl } from './backend-url.js';
import type { KiteHosts } from './kite-hosts.js';
import { parseHostTarget, parseRequestTarget, pathBelow } from './request-path.js';

/** The kite that a request is for. */
export type RequestRoute =
  | {
      readonly type: 'kite';
      /** Undefined if no such kite is registered. */
      readonly entry: ProxyEntry<BackendUrl> | undefined;
      /** Path and query to request from the kite. */
      readonly path: string;
    }
  | { readonly type: 'refused'; readonly reason: ProxyRefusalType };

/** Routes a request below `/proxy/<id>/`. */
export function routeByPath({ url = '' }: IncomingMessage, table: ProxyTable<BackendUrl>): RequestRoute {
  const target = parseRequestTarget(url);
  if (target.type !== 'kite') return refused(target.type);
  const entry = table.get(target.id);
  return { type: 'kite', entry, path: (entry?.target.path ?? '') + target.rest };
}

/** Routes a request to the host of a kite. The path is the same at the kite. */
export function routeByHost({ url = '', headers }: IncomingMessage, hosts: KiteHosts): RequestRoute {
  const target = parseHostTarget(url);
  if (target.type !== 'forwarded') return refused(target.type);
  const entry = hosts.find(withoutPort(headers.host ?? ''));
  if (entry && pathBelow(target.path, entry.target.path) === undefined) return refused('notFound');
  return { type: 'kite', entry, path: target.path + target.query };
}

function refused(type: 'notFound' | 'invalid'): RequestRoute {
  return { type: 'refused', reason: type === 'invalid' ? 'badRequest' : type };
}
