import { once } from 'node:events'
import { connect } from 'node:net'
import { type Answer, readAnswer, written } from '../../http/raw-socket.js'
import type { WireRequest } from '../../setup/wire-request.js'

// If the server never answers, the test fails and names its attack.
const ANSWER_TIMEOUT_MS = 60_000

/** Sends the bytes to a port of this machine, without a client that would normalize them. */
export const toPort =
  (port: number, host = '127.0.0.1') =>
  async (wire: WireRequest): Promise<Answer> => {
    const socket = connect(port, host)
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy())
    // A server may close before it has read everything.
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    let text = ''
    // Some servers keep the connection open in any case.
    socket.on('data', (part) => {
      text += part.toString('latin1')
      if (isWhole(text)) socket.destroy()
    })
    socket.write(written(wire))
    return readAnswer(socket)
  }

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const [head, body] = [text.slice(0, end), text.slice(end + 4)]
  if (/^HTTP\/1\.1 (?:204|304)/.test(head)) return true
  const [, length] = /\r\ncontent-length: ?(\d+)/i.exec(head) ?? []
  if (length !== undefined) return body.length >= Number(length)
  return /\r\ntransfer-encoding: ?chunked/i.test(head) && body.endsWith('0\r\n\r\n')
}
