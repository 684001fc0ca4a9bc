/**
 * Functions as arguments: one that reports the progress of a call, and one that stays subscribed after its call.
 *
 *     node examples/callbacks.js
 */
import { Kite, type RemoteFunction } from 'kitectl';

const server = new Kite('downloads', '1.0.0', { port: 0, kiteKey: false });

server
  .handle<[number, RemoteFunction<[number]>], string>('download', ({ args: [parts, onProgress] }) => {
    for (let part = 1; part <= parts; part++) onProgress(part / parts);
    return 'complete';
  })
  .disableAuthentication();

const subscribers = new Set<RemoteFunction<[string]>>();

server
  .handle<[RemoteFunction<[string]>], void>('subscribe', ({ args: [onEvent], client }) => {
    subscribers.add(onEvent);
    // A function cannot be called any more after its caller has disconnected.
    client.once('disconnect', () => subscribers.delete(onEvent));
  })
  .disableAuthentication();

server
  .handle<[string], void>('publish', ({ args: [event] }) => {
    for (const onEvent of subscribers) onEvent(event);
  })
  .disableAuthentication();

interface Downloads {
  download(parts: number, onProgress: (share: number) => void): string;
  subscribe(onEvent: (event: string) => void): void;
  publish(event: string): void;
}

await server.listen();
const caller = new Kite('caller', '1.0.0', { kiteKey: false });
const client = caller.newClient<Downloads>(server.url ?? '');
await client.dial();

// A function can be called until its call returns.
const onProgress = (share: number) => console.log(`progress: ${share * 100} %`);
console.log(await client.tell('download', 4, onProgress));

// A shared function can be called until it is released.
const onEvent = client.share((event: string) => console.log(`event: ${event}`));
await client.tell('subscribe', onEvent);
await client.tell('publish', 'first');
onEvent.release(); // or declare it with "using"
await client.tell('publish', 'second, which nobody receives');

await caller.close();
await server.close();
