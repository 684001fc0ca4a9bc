import { boolean, string } from '@oclif/core/flags';
import { kontrolFlag } from '../target/connection-flags.js';
import { contextFlag } from '../target/context-flags.js';

/** The flags of `serve`. */
export const serveFlags = {
  name: string({ summary: "Name of the kite. Default: the module's file name.", helpValue: 'NAME' }),
  method: string({
    summary: 'Name of a method that --exec runs; may be repeated, each with its --exec.',
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
  }),
  exec: string({
    summary: 'Shell command that answers the calls of --method.',
    description:
      'It reads the arguments of a call as one JSON array on its standard input. What it prints is the result: a JSON value ' +
      'where it is one, else the text. Another exit code than 0 is an error, whose message is the last line on stderr.',
    helpValue: 'COMMAND',
    multiple: true,
    multipleNonGreedy: true,
  }),
  parallel: string({
    summary: 'With --exec: most commands that run at once; other calls wait. Default: 8.',
    helpValue: 'N',
  }),
  timeout: string({
    summary: 'With --exec: how long a command may take: 4 or 4s, 500ms, 1m; 0 is any time. Default: 30s.',
    helpValue: 'DURATION',
  }),
  port: string({ summary: 'Port to listen on. Default: $KITE_PORT, or any that is free.', helpValue: 'N' }),
  ip: string({ summary: 'Address to listen on. Default: $KITE_IP, or 127.0.0.1.', helpValue: 'IP' }),
  environment: string({ summary: "The kite's environment. Default: $KITE_ENVIRONMENT.", helpValue: 'NAME' }),
  region: string({ summary: "The kite's region. Default: $KITE_REGION.", helpValue: 'NAME' }),
  version: string({ summary: "The kite's version. Default: $KITE_VERSION, or 1.0.0.", helpValue: 'X.Y.Z' }),
  register: boolean({ default: false, summary: 'Register at Kontrol, and stay registered.' }),
  kontrol: kontrolFlag,
  'key-file': string({
    summary: 'File with your kite key. Default: $KITE_KEY, $KITE_KEY_FILE, the context, or ~/.kite/kite.key.',
    helpValue: 'PATH',
  }),
  context: contextFlag,
  'no-auth': boolean({
    default: false,
    summary:
      'Let everybody call who reaches the kite. Without it a caller needs a kite key or token of yours.',
  }),
  'allow-origin': string({
    summary:
      'Origins of pages that may call it, with commas, beside its own and those of this machine; * for any. Default: ' +
      '$KITE_ALLOW_ORIGIN.',
    helpValue: 'ORIGINS',
  }),
  'allow-host': string({
    summary: 'Host names by which it may be called, with commas; * for any. Default: $KITE_ALLOWED_HOSTS.',
    helpValue: 'NAMES',
  }),
  'system-info': boolean({
    default: false,
    summary: 'Answer kite.systemInfo, which "top" asks for: load, memory, disk, home folder, system.',
  }),
};

/** What oclif makes of `serveFlags`. */
export interface ParsedServeFlags {
  readonly name?: string | undefined;
  readonly method?: readonly string[] | undefined;
  readonly exec?: readonly string[] | undefined;
  readonly parallel?: string | undefined;
  readonly timeout?: string | undefined;
  readonly port?: string | undefined;
  readonly ip?: string | undefined;
  readonly environment?: string | undefined;
  readonly region?: string | undefined;
  readonly version?: string | undefined;
  readonly register: boolean;
  readonly kontrol?: string | undefined;
  readonly 'key-file'?: string | undefined;
  readonly context?: string | undefined;
  readonly 'no-auth': boolean;
  readonly 'allow-origin'?: string | undefined;
  readonly 'allow-host'?: string | undefined;
  readonly 'system-info': boolean;
}
