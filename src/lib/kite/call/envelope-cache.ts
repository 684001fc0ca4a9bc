import type { DnodeMessage } from '../../dnode/dnode-message.js';
import type { Channel } from '../../transport/channel/channel.js';
import { withPrefix } from '../../transport/channel/expected-prefixes.js';
import type { Limits } from '../limits/kite-limits.js';
import type { Fragment } from '../../transport/channel/outgoing-message.js';
import { type EnvelopePrefix, envelopePrefix, parseAfterPrefix } from './envelope-prefix.js';
import type { CallPrefixCache } from './connection.js';
import { completeCall, type IncomingCall } from './envelope.js';

/** The prefixes that the calls of one peer have in common. */
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

  complete(prefix: EnvelopePrefix, { args, callbacks }: DnodeMessage): IncomingCall {
    return completeCall(prefix, args, callbacks);
  }
}
