import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readClaims } from '../../keys/jwt-claims.js';
import type { Clock } from '../../util/clock.js';
import { TUNNEL_TOKEN_LENGTH } from '../limits/proxy-limits.js';

/** What lets a kite open one tunnel. */
export interface TunnelToken {
  /** The kite's id. */
  readonly kite: string;
  /** Number of the tunnel. */
  readonly tunnel: number;
}

/** The algorithm is pinned: a token that begins in another way is none of ours. */
const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');

/**
 * Makes and reads the JWTs by which a kite shows that a tunnel is its own: `sub` the kite, `seq` the tunnel, `exp`. Nobody
 * but the proxy that made one reads it, so that its key is a secret of this process, and signing costs a hundredth of what
 * RSA takes.
 */
export class TunnelTokens {
  readonly #secret = randomBytes(32);
  readonly #clock: Clock;
  readonly #ttl: number;

  /** Tokens are good for `ttl` milliseconds. That each works once is seen to by whoever keeps the tunnels. */
  constructor(clock: Clock, ttl: number) {
    this.#clock = clock;
    this.#ttl = ttl;
  }

  sign({ kite, tunnel }: TunnelToken): string {
    // To the millisecond: rounded up, a token would outlive its tunnel.
    const claims = JSON.stringify({ sub: kite, seq: tunnel, exp: (this.#clock.now() + this.#ttl) / 1000 });
    const input = `${HEADER}.${Buffer.from(claims).toString('base64url')}`;
    return `${input}.${this.#mac(input).toString('base64url')}`;
  }

  /** Undefined: it was not made here, or its time is over. */
  read(token: string): TunnelToken | undefined {
    if (token.length > TUNNEL_TOKEN_LENGTH || !token.startsWith(`${HEADER}.`)) return undefined;
    const dot = token.lastIndexOf('.');
    const input = token.slice(0, dot);
    const mac = Buffer.from(token.slice(dot + 1), 'base64url');
    const expected = this.#mac(input);
    if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return undefined;
    // Signed here, so that it is what `sign` wrote.
    const { sub, seq, exp } = readClaims(token) as { sub: string; seq: number; exp: number };
    return this.#clock.now() < exp * 1000 ? { kite: sub, tunnel: seq } : undefined;
  }

  #mac(input: string): Buffer {
    return createHmac('sha256', this.#secret).update(input).digest();
  }
}
