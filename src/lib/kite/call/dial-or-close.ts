import type { Client } from './client.js';

/** Connects a client, and returns it. Closes it if it cannot connect. */
export async function dialOrClose(client: Client): Promise<Client> {
  try {
    await client.dial();
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}
