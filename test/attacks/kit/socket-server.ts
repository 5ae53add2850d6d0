import { once } from 'node:events'
import { connect } from 'node:net'
import { type Answer, readAnswer, written } from '../../http/raw-socket.js'
import type { WireRequest } from '../../setup/wire-request.js'

/** Sends to whatever listens at the port of this machine, as the bytes are written and no client would put them in order. */
export const toPort =
  (port: number, host = '127.0.0.1') =>
  async (wire: WireRequest): Promise<Answer> => {
    const socket = connect(port, host)
    // A server may close before it has read everything.
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.write(written(wire))
    return readAnswer(socket)
  }
