import type { UsualMessageJson } from '../../dnode/message-json.js';
import type { Channel } from '../../transport/channel/channel.js';
import { addPrefix } from '../../transport/channel/expected-prefixes.js';
import type { Limits } from '../limits/kite-limits.js';
import type { Fragment } from '../../transport/channel/outgoing-message.js';
import { type EnvelopePrefix, envelopePrefix, parseAfterPrefix } from './envelope-prefix.js';
import type { CallPrefixCache, CallReader } from './receiver.js';
import { completeCall, completeUsualCall, type IncomingCall } from './envelope.js';
import { parseUsualCall } from './usual-messages.js';

/** The prefixes that the calls of one peer have in common. */
export class EnvelopeCache implements CallPrefixCache {
  readonly #limits: Limits;
  readonly #json: UsualMessageJson;
  #prefixes: readonly EnvelopePrefix[] = [];

  constructor(limits: Limits, json: UsualMessageJson) {
    this.#limits = limits;
    this.#json = json;
  }

  learn(text: string, channel: Channel): void {
    const prefix = channel.expect && envelopePrefix(text);
    if (!prefix) return;
    this.#prefixes = addPrefix(this.#prefixes, prefix);
    channel.expect?.(prefix.fragment);
  }

  read(fragment: Fragment, rest: string, reader: CallReader): IncomingCall | undefined {
    const prefix = this.#find(fragment);
    if (!prefix) return undefined;
    // The form that kites write.
    const usual = parseUsualCall(rest, this.#limits, this.#json.parseData);
    if (usual) return completeUsualCall(prefix, usual);
    const message = parseAfterPrefix(rest, this.#limits, this.#json);
    if (!message) return undefined;
    const restored = reader.restore(prefix.method, message);
    const call = completeCall(prefix, reader.untagArguments(message));
    return restored ? Object.assign(call, restored) : call;
  }

  #find(fragment: Fragment): EnvelopePrefix | undefined {
    for (const prefix of this.#prefixes) if (prefix.fragment === fragment) return prefix;
    return undefined;
  }
}
