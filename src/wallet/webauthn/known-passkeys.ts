import { pageStorage } from '../../base/environment.js'
import { fromBase64url } from '../../base/multibase.js'
import { knownKey } from '../../key/did-key.js'

// An assertion does not tell which key made it. What is stored here is only a hint: code that uses it
// verifies the signature.
const ITEM = 'cacao-session:passkeys'
const MAX_REMEMBERED = 50

// Where the browser has no storage, passkeys are only remembered until the page is closed.
let memory: string | null = null

/** A passkey that was created or used in this browser. */
export interface Passkey {
  /** Its credential id, in base64url. */
  readonly id: string
  /** Its account, a did:key. */
  readonly account: string
  /** How the browser can reach it, such as `internal` or `usb`. */
  readonly transports: readonly string[]
  /** The name that it was given when it was created in this browser. */
  readonly name?: string
}

/** Returns the passkeys that this browser knows, the one used last first. */
export function readPasskeys(): Passkey[] {
  try {
    const known: unknown = JSON.parse(pageStorage()?.getItem(ITEM) ?? memory ?? '[]')
    return Array.isArray(known) ? known.filter(isPasskey).slice(0, MAX_REMEMBERED) : []
  } catch {
    return []
  }
}

/** Stores that a passkey was used. Keeps what was already known about it. */
export function rememberPasskey(used: Passkey): void {
  const known = readPasskeys()
  const before = known.find(({ id, account }) => id === used.id && account === used.account)
  const transports = used.transports.length > 0 ? used.transports : (before?.transports ?? [])
  write([{ ...before, ...used, transports }, ...known.filter(({ id }) => id !== used.id)])
}

/** Forgets the passkeys of an account. The authenticator keeps them. */
export function forgetPasskeys(account: string): void {
  write(readPasskeys().filter((passkey) => passkey.account !== account))
}

function write(passkeys: readonly Passkey[]): void {
  const text = passkeys.length > 0 ? JSON.stringify(passkeys.slice(0, MAX_REMEMBERED)) : null
  memory = save(text) ? null : text
}

function save(text: string | null): boolean {
  try {
    const storage = pageStorage()
    if (text === null) storage?.removeItem(ITEM)
    else storage?.setItem(ITEM, text)
    return storage !== undefined
  } catch {
    // A browser may refuse to write, for example where storage is full or blocked.
    return false
  }
}

function isPasskey(value: unknown): value is Passkey {
  const { id, account, transports, name } = (value ?? {}) as Partial<Record<keyof Passkey, unknown>>
  if (typeof id !== 'string' || !id || typeof account !== 'string' || !Array.isArray(transports)) return false
  if (!transports.every((transport) => typeof transport === 'string')) return false
  const isNamed = name === undefined || typeof name === 'string'
  return isNamed && fromBase64url(id) !== undefined && knownKey(account)?.type === 'P-256'
}
