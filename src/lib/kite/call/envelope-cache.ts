import type { DnodeMessage } from '../../dnode/dnode-message.js';
import type { MessageJson } from '../../dnode/message-json.js';
import type { Channel } from '../../transport/channel/channel.js';
import { addPrefix } from '../../transport/channel/expected-prefixes.js';
import type { Limits } from '../limits/kite-limits.js';
import type { Fragment } from '../../transport/channel/outgoing-message.js';
import { type EnvelopePrefix, envelopePrefix, parseAfterPrefix } from './envelope-prefix.js';
import type { CallPrefixCache } from './receiver.js';
import { completeCall, completeUsualCall, type IncomingCall } from './envelope.js';
import { parseUsualCall } from './usual-messages.js';

/** The prefixes that the calls of one peer have in common. */
export class EnvelopeCache implements CallPrefixCache {
  readonly #limits: Limits;
  readonly #json: MessageJson;
  #prefixes: readonly EnvelopePrefix[] = [];

  constructor(limits: Limits, json: MessageJson) {
    this.#limits = limits;
    this.#json = json;
  }

  learn(text: string, channel: Channel): void {
    const prefix = channel.expect && envelopePrefix(text);
    if (!prefix) return;
    this.#prefixes = addPrefix(this.#prefixes, prefix);
    channel.expect?.(prefix.fragment);
  }

  find(fragment: Fragment): EnvelopePrefix | undefined {
    for (const prefix of this.#prefixes) if (prefix.fragment === fragment) return prefix;
    return undefined;
  }

  read(prefix: EnvelopePrefix, rest: string): IncomingCall | undefined {
    const usual = parseUsualCall(rest, this.#limits, this.#json.parseData);
    return usual && completeUsualCall(prefix, usual.args, usual.response);
  }

  parse(rest: string): DnodeMessage | undefined {
    return parseAfterPrefix(rest, this.#limits, this.#json);
  }

  complete(prefix: EnvelopePrefix, message: DnodeMessage): IncomingCall {
    return completeCall(prefix, message);
  }
}
