import type { Kite } from '../../index.js';
import type { AdmitPeer, DialedPeer } from '../../kite/kite-options.js';
import { remoteIp } from '../../transport/channel/remote-address.js';
import { isLoopbackAddress } from '../../util/loopback.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { listenerUids } from './socket-owner.js';

/** What a command expects at the other end of a connection. */
export type Recipient =
  /** Any kite, at a URL that the user typed. */
  | 'kite'
  /** The Kontrol of the user, or a proxy: `register` got the key from there, or the user configured its URL. */
  | 'kontrol';

/**
 * Decides whether the kite key may be sent to the peer of a connection. Returns undefined if it may, and otherwise the error
 * to report. Each kite key that a command sends is sent after this function has allowed it.
 *
 * The key is as good as a password, and everyone on this machine can listen at a loopback address. Therefore the socket there
 * has to belong to the user of this process. Other machines get the key only as Kontrol. The user can allow each peer.
 */
export function keyRefusal(
  peer: DialedPeer,
  recipient: Recipient,
  settings: CommandSettings,
  uids: (remoteAddress: string) => readonly number[] = listenerUids,
): CliError | undefined {
  if (isAllowed(recipient, settings)) return undefined;
  const address = remoteIp(peer.remoteAddress);
  if (!isLoopbackAddress(address)) {
    if (recipient === 'kontrol') return undefined;
    return refusal(`${peer.url} is at ${address}, on another machine`, recipient, settings);
  }
  const owners = uids(peer.remoteAddress);
  const other = owners.find((uid) => uid !== process.geteuid?.());
  if (other !== undefined)
    return refusal(`Another user (uid ${other}) listens at ${peer.url}`, recipient, settings);
  if (owners.length > 0) return undefined;
  return refusal(`This system does not report who listens at ${peer.url}`, recipient, settings);
}

/** Returns the check of the kites that a command creates. */
export function admitKontrol(settings: CommandSettings): AdmitPeer {
  return (peer, auth) => {
    const refused = auth?.type === 'kiteKey' ? keyRefusal(peer, 'kontrol', settings) : undefined;
    if (refused) throw refused;
  };
}

/**
 * The check of a kite that a command runs, and that registers until the command ends. The kite tries again after each failure,
 * but a user who starts it should learn at once that it must not register.
 */
export class RegistrationCheck {
  readonly admitPeer: AdmitPeer;
  /** Rejects if a peer is refused before the kite has registered for the first time. */
  readonly refused: Promise<never>;
  #registered = false;

  constructor(settings: CommandSettings) {
    const admit = admitKontrol(settings);
    let reject: (error: unknown) => void = () => {};
    this.refused = new Promise((_resolve, rejectIt) => {
      reject = rejectIt;
    });
    this.refused.catch(() => undefined);
    this.admitPeer = (peer, auth) => {
      try {
        admit(peer, auth);
      } catch (error) {
        if (!this.#registered) reject(error);
        throw error;
      }
    };
  }

  /** Call this before the kite registers. */
  observe(kite: Pick<Kite, 'once'>): void {
    kite.once('register', () => {
      this.#registered = true;
    });
  }
}

function isAllowed(recipient: Recipient, settings: CommandSettings): boolean {
  if (settings.value(commonSettings.auth) === 'kite-key') return true;
  return recipient === 'kontrol' && settings.value(commonSettings.kontrolAuth) === 'kite-key';
}

function refusal(reason: string, recipient: Recipient, settings: CommandSettings): CliError {
  const variable = 'export KITE_KONTROL_AUTH=kite-key';
  let hint = 'Add --auth kite-key to send it.';
  if (recipient === 'kontrol') {
    // The flag of a command that calls kites applies to the kite, and some commands have no such flag.
    const hasFlag = settings.defines(commonSettings.kontrolAuth) && !settings.defines(commonSettings.auth);
    hint = hasFlag
      ? `If you trust it, add --auth kite-key, or for all commands: ${variable}`
      : `If you trust this Kontrol, allow it with: ${variable}`;
  }
  return new CliError(`${reason}; your kite key is not sent there by default.`, {
    exitCode: ExitCode.authentication,
    type: 'authenticationError',
    hint,
  });
}
