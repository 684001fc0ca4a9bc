import type { DnodeMessage } from '../../dnode/dnode-message.js';
import type { Channel } from '../../transport/channel/channel.js';
import { withPrefix } from '../../transport/channel/expected-prefixes.js';
import type { Limits } from '../limits/kite-limits.js';
import type { Fragment } from '../../transport/channel/outgoing-message.js';
import { type EnvelopePrefix, envelopePrefix, parseAfterPrefix } from './envelope-prefix.js';
import type { CallPrefixCache } from './connection.js';
import { completeCall, type IncomingCall } from './envelope.js';

/** The calls of one peer that are recognised by how they begin, so that only the rest of them has to be parsed. */
export class EnvelopeCache implements CallPrefixCache {
  readonly #limits: Limits;
  #prefixes: readonly EnvelopePrefix[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  learn(text: string, channel: Channel): void {
    const prefix = channel.expect && envelopePrefix(text);
    if (!prefix) return;
    this.#prefixes = withPrefix(this.#prefixes, prefix);
    channel.expect?.(prefix.fragment);
  }

  find(fragment: Fragment): EnvelopePrefix | undefined {
    return this.#prefixes.find((prefix) => prefix.fragment === fragment);
  }

  parse(rest: string): DnodeMessage | undefined {
    return parseAfterPrefix(rest, this.#limits);
  }

  complete(known: EnvelopePrefix, { args, callbacks }: DnodeMessage): IncomingCall {
    return completeCall(known, args, callbacks);
  }
}
