import { fromBase64url } from '../../base/base64.js'
import { pageStorage } from '../../base/environment.js'
import { knownKey } from '../../key/parse-did-key.js'
/** A passkey that was made or used in this browser. */
export interface Passkey {
  /** Its credential id, in base64url. */
  readonly id: string
  /** The account that it is: a did:key. */
  readonly account: string
  /** How the browser reaches it, such as `internal` or `usb`. */
  readonly transports: readonly string[]
  /** What it was called when it was made here. */
  readonly name?: string
}

// No assertion says which key made it. What is noted here is a hint: whoever uses it checks the signature by it.
const ITEM = 'cacao-session:passkeys'
const MOST_KNOWN = 50

// Where the browser keeps nothing, only this page knows.
let unsaved: string | null = null

/** The passkeys that are known here, the one used last first. */
export function readPasskeys(): Passkey[] {
  try {
    const known: unknown = JSON.parse(pageStorage()?.getItem(ITEM) ?? unsaved ?? '[]')
    return Array.isArray(known) ? known.filter(isPasskey).slice(0, MOST_KNOWN) : []
  } catch {
    return []
  }
}

/** Notes that a passkey was used, with what was known of it before. */
export function rememberPasskey(used: Passkey): void {
  const known = readPasskeys()
  const before = known.find(({ id, account }) => id === used.id && account === used.account)
  const transports = used.transports.length > 0 ? used.transports : (before?.transports ?? [])
  write([{ ...before, ...used, transports }, ...known.filter(({ id }) => id !== used.id)])
}

/** Forgets the passkeys of an account; the authenticator keeps them. */
export function forgetPasskeys(account: string): void {
  write(readPasskeys().filter((passkey) => passkey.account !== account))
}

function write(passkeys: readonly Passkey[]): void {
  const text = passkeys.length > 0 ? JSON.stringify(passkeys.slice(0, MOST_KNOWN)) : null
  unsaved = save(text) ? null : text
}

function save(text: string | null): boolean {
  try {
    const storage = pageStorage()
    if (text === null) storage?.removeItem(ITEM)
    else storage?.setItem(ITEM, text)
    return storage !== undefined
  } catch {
    // A browser may refuse to write.
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
