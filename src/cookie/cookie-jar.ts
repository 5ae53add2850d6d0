import { decode } from '@ipld/dag-cbor'
import { serialize } from 'cookie'
import { concat } from '../base/bytes.js'
import { fromBase64url, toBase64url } from '../base/multibase.js'
import type { Cacao } from '../capability/cacao.js'
import { encodeDagCBOR } from '../capability/cid.js'
import { parseCacao } from '../capability/parse-cacao.js'
import {
  joinParts,
  MAX_AGE_SECS,
  MAX_BYTES,
  MAX_PARTS,
  PART_MARK,
  PART_OVERHEAD,
  splitIntoParts,
} from '../store/cookie-format.js'
import { seal, unseal } from '../store/cookie-seal.js'
import { type CookieNote, NOTE_MARK, noteValue } from '../store/page-cookie.js'

/** The content of the cookie: the capability, and when the session key last signed for the cookie. */
export interface CookieSession {
  readonly cacao: Cacao
  /** In milliseconds since 1970. */
  readonly created: number
  /** The capability's bytes in base64url: the key under which its verification is cached. */
  readonly token: string
}

/** The name of the cookies, and the secrets that seal them. */
export interface JarOptions {
  readonly name: string
  readonly secure: boolean
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]]
}

const TIME_BYTES = 8
const identity = (text: string): string => text

/** The cookies of one session: up to three parts and the note. They are written, read and cleared together. */
export class CookieJar {
  readonly #name: string
  readonly #secrets: JarOptions['secrets']
  readonly #attributes: { path: '/'; secure: boolean; sameSite: 'lax' }

  constructor({ name, secure, secrets }: JarOptions) {
    this.#name = name
    this.#secrets = secrets
    this.#attributes = { path: '/', secure, sameSite: 'lax' }
  }

  /**
   * Returns the `Set-Cookie` headers that keep a session in the browser for `keepSecs`, and its note for `freshSecs`. `before` is the
   * request's `Cookie` header. Returns `undefined` if the capability is too large for cookies.
   */
  async write(
    { cacao, created }: Pick<CookieSession, 'cacao' | 'created'>,
    note: CookieNote,
    { keepSecs, freshSecs, before }: { keepSecs: number; freshSecs: number; before: string | undefined },
  ): Promise<string[] | undefined> {
    const value = toBase64url(concat(timeBytes(created), encodeDagCBOR(cacao)))
    const sealed = await seal(value, this.#purpose, this.#secrets[0])
    const maxAge = Math.min(Math.ceil(keepSecs), MAX_AGE_SECS)
    const room = MAX_BYTES - this.#set(this.#part(MAX_PARTS), '', MAX_AGE_SECS).length - PART_OVERHEAD
    const parts = room > 0 ? splitIntoParts(sealed, room) : []
    if (parts.length === 0 || parts.length > MAX_PARTS) return undefined
    const previous = cookiesIn(before)
    return [
      ...parts.map((part, i) => this.#set(this.#part(i), part, maxAge)),
      ...this.#names()
        .slice(parts.length)
        .filter((name) => previous?.has(name))
        .map((name) => this.#set(name, '', 0)),
      this.#set(this.#name + NOTE_MARK, noteValue(note), Math.ceil(freshSecs), false),
    ]
  }

  /** Returns the `Set-Cookie` headers that clear all of the cookies. */
  clear(): string[] {
    return [
      ...this.#names().map((name) => this.#set(name, '', 0)),
      this.#set(this.#name + NOTE_MARK, '', 0, false),
    ]
  }

  /**
   * Returns the session in a `Cookie` header. Returns `undefined` if there is none, if a cookie occurs twice, or if it was not sealed
   * with one of the secrets for this purpose.
   */
  async read(header: string | undefined): Promise<CookieSession | undefined> {
    const cookies = cookiesIn(header, this.#names())
    const sealed = cookies && joinParts((i) => (i < MAX_PARTS ? cookies.get(this.#part(i)) : undefined))
    const value = sealed && (await unseal(sealed, this.#purpose, this.#secrets))
    const bytes = value === undefined ? undefined : fromBase64url(value)
    if (!bytes || bytes.length <= TIME_BYTES) return undefined
    try {
      const token = bytes.slice(TIME_BYTES)
      return { cacao: parseCacao(decode(token)), created: timeIn(bytes), token: toBase64url(token) }
    } catch {
      // Sealed by a different version of this code, in a different format.
      return undefined
    }
  }

  // A cookie's name has no line break. Therefore `cookieStore`, which uses the name alone, can't open these cookies, nor this class its.
  get #purpose(): string {
    return `session\n${this.#name}`
  }

  #part(i: number): string {
    return i === 0 ? this.#name : `${this.#name}${PART_MARK}${i}`
  }

  #names(): string[] {
    return Array.from({ length: MAX_PARTS }, (_, i) => this.#part(i))
  }

  #set(name: string, value: string, maxAge: number, httpOnly = true): string {
    return serialize(name, value, { maxAge, httpOnly, ...this.#attributes, encode: identity })
  }
}

/** Returns the cookies by name; `undefined` if a name in `once` occurs twice, because it is unclear which value counts. */
function cookiesIn(header = '', once: readonly string[] = []): Map<string, string> | undefined {
  const cookies = new Map<string, string>()
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, Math.max(0, at)).trim()
    if (cookies.has(name) && once.includes(name)) return undefined
    if (!cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim())
  }
  return cookies
}

function timeBytes(time: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(TIME_BYTES)
  new DataView(bytes.buffer).setFloat64(0, time)
  return bytes
}

function timeIn(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0)
}
