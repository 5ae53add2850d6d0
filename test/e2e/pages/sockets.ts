import { DIDSession } from '../../../src/index.js'
import { testWallet } from '../../../src/testing/index.js'
import { ethereumAuth } from '../../../src/wallet/ethereum/index.js'

const wallet = testWallet()
const auth = ethereumAuth(wallet.provider, wallet.account)
let session: DIDSession
let socket: WebSocket | undefined
let events: EventSource | undefined

const hexOf = async (bytes: ArrayBuffer): Promise<string> =>
  Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')

const page = {
  /** Events since the page was opened for which no call waits. */
  happened: [] as string[],
  async signIn(origin: string): Promise<string> {
    session = await DIDSession.get(wallet.account, auth, { resources: [`${origin}/*`] })
    return session.account
  },
  token: (audience: string, expiresInSecs = 60): Promise<string> =>
    session.createToken({ audience, expiresInSecs, claims: { room: 'kitchen' } }),
  sign: (url: string, expiresInSecs = 60): Promise<string> => session.signURL(url, { expiresInSecs }),
  /** Opens a socket, and returns its first message or its close code. */
  open(url: string, protocols: string[], first?: string): Promise<string> {
    socket = new WebSocket(url, protocols)
    const opened = socket
    return new Promise((resolve) => {
      opened.onopen = () => {
        if (first !== undefined) opened.send(first)
      }
      opened.onmessage = ({ data }) => resolve(`${opened.protocol}: ${data}`)
      opened.onclose = ({ code, reason }) => {
        page.happened.push(`${code} ${reason}`)
        resolve(`closed ${code} ${reason}`.trim())
      }
    })
  },
  image: (url: string): Promise<string> =>
    new Promise((resolve) => {
      const image = new Image()
      image.onload = () => resolve(`${image.naturalWidth}`)
      image.onerror = () => resolve('refused')
      image.src = url
    }),
  /** Opens an event stream, and returns the first event. */
  listen(url: string): Promise<string> {
    events?.close()
    events = new EventSource(url)
    const opened = events
    return new Promise((resolve) => {
      opened.onmessage = ({ data }) => resolve(String(data))
      opened.onerror = () => {
        if (opened.readyState !== EventSource.CLOSED) return
        page.happened.push('stream refused')
        resolve('refused')
      }
    })
  },
  /** Reads a file up to so many bytes, and the rest of it with a second request. */
  async resume(url: string, from: number): Promise<object> {
    const stop = new AbortController()
    const parts: Uint8Array<ArrayBuffer>[] = []
    let length = 0
    const { body } = await fetch(url, { signal: stop.signal })
    const reader = body?.getReader()
    while (reader && length < from) {
      const { value = new Uint8Array() } = await reader.read()
      parts.push(new Uint8Array(value))
      length += value.length
    }
    stop.abort()
    const rest = await fetch(url, { headers: { range: `bytes=${length}-` } })
    const whole = await new Blob([...parts, await rest.arrayBuffer()]).arrayBuffer()
    return { status: rest.status, length: whole.byteLength, digest: await hexOf(whole) }
  },
  status: async (url: string, init: RequestInit = {}): Promise<number> => (await fetch(url, init)).status,
  revoke: (url: string): Promise<void> => session.revoke(url),
}

export type SocketsPage = typeof page

declare global {
  var socketsPage: SocketsPage
}

Object.assign(globalThis, { socketsPage: page })
