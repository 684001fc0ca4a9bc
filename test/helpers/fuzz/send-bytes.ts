import net from 'node:net';
import type { Dice } from './fuzz-run.js';

/** Milliseconds that a server gets to answer before the connection is closed. */
const PATIENCE = 40;

/**
 * Sends bytes to a server in up to three pieces. Closes the connection after the first data of the answer, when the server closes
 * it, or if there is no answer. Resolves with the beginning of the answer.
 */
export function sendBytes(port: number, bytes: string, dice: Dice): Promise<string> {
  const abrupt = dice.chance(0.1);
  const cuts = [dice.below(bytes.length + 1), dice.below(bytes.length + 1)].toSorted((a, b) => a - b);
  const pieces = dice.chance(0.3)
    ? [bytes.slice(0, cuts[0]), bytes.slice(cuts[0], cuts[1]), bytes.slice(cuts[1])]
    : [bytes];
  const halfClose = dice.chance(0.2);
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      for (const piece of pieces) if (piece !== '') socket.write(piece, 'latin1');
      // A reset before the data has been written would never close the socket.
      if (abrupt) socket.write('\r\n', () => socket.resetAndDestroy());
      else if (halfClose) socket.end();
    });
    const timer = setTimeout(() => socket.destroy(), PATIENCE);
    socket.on('data', (data: Buffer) => {
      answer += data.toString('latin1');
      if (answer.startsWith('HTTP/1.1 101') && answer.length < 1000) return;
      socket.destroy();
    });
    socket.on('end', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}
