import { once } from 'node:events'

const LAST_PORT = 65_535

/** @typedef {{ port: number, close: () => Promise<void> }} Listening */

/**
 * Makes the server listen for connections from this computer only, on the first free port from `port` upwards.
 * @param {import('node:http').Server} server
 * @param {number} port The first port to try; 0 for any.
 * @returns {Promise<Listening>}
 */
export async function listen(server, port) {
  for (let candidate = port; ; candidate += 1) {
    try {
      server.listen(candidate, '127.0.0.1')
      await once(server, 'listening')
      break
    } catch (error) {
      const isTaken = /** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE'
      if (!isTaken || candidate >= LAST_PORT) throw error
    }
  }
  return {
    port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
