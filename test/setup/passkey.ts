import { p256 } from '@noble/curves/nist.js'
import { concat, utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { encodeDagCBOR } from '../../src/capability/cid.js'
import { encodeDIDKey } from '../../src/key/did-key.js'
import { derOf } from './der.js'

const P256 = { name: 'ECDSA', namedCurve: 'P-256' }
const ORDER = p256.Point.Fn.ORDER

/** The authenticator's behaviour: correct, except for these changes. */
export interface PasskeyBehaviour {
  /** Changes the members of `clientDataJSON`. */
  clientData?: Record<string, unknown>
  /** Changes the bytes of `clientDataJSON`. */
  clientDataBytes?: (json: Uint8Array) => Uint8Array
  /** Present and verified, by default. */
  flags?: number
  /** Bytes after the 37 bytes of the authenticator data. */
  extensions?: Uint8Array
  /** Changes the authenticator data, for example its length. */
  authData?: (authData: Uint8Array) => Uint8Array
  /** Which of the two forms of a signature it makes, a low or a high s; either, by default. */
  s?: 'low' | 'high'
  /** Replaces its own result. */
  signature?: Uint8Array<ArrayBuffer>
  throws?: unknown
  answers?: null | object
  /** Never answers, until it's aborted. */
  hangs?: boolean
  /** Changes the result of the creation of a passkey, as password managers do; `credential` is that of the browser. */
  created?: (credential: { response: Record<string, unknown> } & Record<string, unknown>) => unknown
  /** Behaves like a browser extension that returns views in place of buffers, and no methods. */
  isPlain?: boolean
}

interface Resident {
  readonly id: Uint8Array<ArrayBuffer>
  readonly pair: CryptoKeyPair
  readonly account: string
  readonly attestationObject: Uint8Array
}

/** A browser with an authenticator in software, for a page at an origin. */
export class TestPasskeys {
  /** The page's requests, in order: each one that was answered is a prompt. */
  readonly creations: PublicKeyCredentialCreationOptions[] = []
  readonly requests: PublicKeyCredentialRequestOptions[] = []
  readonly residents: Resident[] = []
  behaviour: PasskeyBehaviour = {}
  /** The passkey that the person chooses, if the page leaves the choice to them; the newest by default. */
  chosen: string | undefined
  readonly origin: string
  readonly #rpId: string

  constructor(origin: string, rpId: string = new URL(origin).hostname) {
    this.origin = origin
    this.#rpId = rpId
  }

  get credentials(): CredentialsContainer {
    const container = {
      create: ({ publicKey, signal }: CredentialCreationOptions) => this.#create(publicKey, signal),
      get: ({ publicKey, signal }: CredentialRequestOptions) => this.#get(publicKey, signal),
    }
    return container as unknown as CredentialsContainer
  }

  async #create(
    options: PublicKeyCredentialCreationOptions | undefined,
    signal: AbortSignal | null | undefined,
  ): Promise<unknown> {
    if (!options) return null
    this.creations.push(options)
    await this.#behave(signal)
    const pair = await crypto.subtle.generateKey(P256, false, ['sign', 'verify'])
    const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
    const [x, y] = [point.slice(1, 33), point.slice(33)]
    const bytes = concat(Uint8Array.of(2 + ((y[31] ?? 0) & 1)), x)
    const id = crypto.getRandomValues(new Uint8Array(16))
    const cose = concat(hex('a5010203262001215820'), x, hex('225820'), y)
    const credential = concat(new Uint8Array(16), Uint8Array.of(0, id.length), id, cose)
    const authData = concat(await this.#authData(0x45, options.rp.id), credential)
    const attestationObject = encodeDagCBOR({ fmt: 'none', attStmt: {}, authData })
    const account = encodeDIDKey({ type: 'P-256', bytes })
    this.residents.unshift({ id, pair, account, attestationObject })
    const clientDataJSON = this.#clientData('webauthn.create', options.challenge)
    const { isPlain } = this.behaviour
    const methods = {
      getPublicKey: () => crypto.subtle.exportKey('spki', pair.publicKey),
      getTransports: () => ['internal', 'hybrid'],
      getAuthenticatorData: () => authData.buffer,
    }
    const spki = await methods.getPublicKey()
    const answer = this.#answer(id, {
      ...(!isPlain && { ...methods, getPublicKey: () => spki }),
      attestationObject: isPlain ? attestationObject : new Uint8Array(attestationObject).buffer,
      clientDataJSON: isPlain ? clientDataJSON : clientDataJSON.buffer,
    })
    return this.behaviour.created?.(answer) ?? answer
  }

  async #get(
    options: PublicKeyCredentialRequestOptions | undefined,
    signal: AbortSignal | null | undefined,
  ): Promise<unknown> {
    if (!options) return null
    this.requests.push(options)
    await this.#behave(signal)
    if (this.behaviour.answers !== undefined) return this.behaviour.answers
    const allowed = (options.allowCredentials ?? []).map(({ id }) =>
      toBase64url(new Uint8Array(id as ArrayBuffer)),
    )
    const fitting = this.residents.filter(
      ({ id }) => allowed.length === 0 || allowed.includes(toBase64url(id)),
    )
    const resident = fitting.find(({ account }) => account === this.chosen) ?? fitting[0]
    if (!resident) throw new DOMException('no such passkey', 'NotAllowedError')
    const clientDataJSON = this.#clientData('webauthn.get', options.challenge)
    const authData = await this.#authData(this.behaviour.flags ?? 0x05, options.rpId)
    const signature = this.behaviour.signature ?? (await this.#sign(resident.pair, authData, clientDataJSON))
    const { isPlain } = this.behaviour
    return this.#answer(resident.id, {
      authenticatorData: isPlain ? authData : authData.buffer,
      clientDataJSON: isPlain ? clientDataJSON : clientDataJSON.buffer,
      signature: isPlain ? signature : signature.buffer,
      userHandle: null,
    })
  }

  async #behave(signal: AbortSignal | null | undefined): Promise<void> {
    const { throws, hangs } = this.behaviour
    if (throws !== undefined) throw throws
    if (!hangs) return
    await new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')), {
        once: true,
      })
    })
  }

  #answer(
    id: Uint8Array<ArrayBuffer>,
    response: object,
  ): { response: Record<string, unknown> } & Record<string, unknown> {
    const rawId = this.behaviour.isPlain ? id : id.buffer
    return {
      type: 'public-key',
      id: toBase64url(id),
      rawId,
      response: { ...response },
      getClientExtensionResults: () => ({}),
    }
  }

  #clientData(type: string, challenge: BufferSource): Uint8Array<ArrayBuffer> {
    const text = toBase64url(new Uint8Array(challenge as ArrayBuffer))
    const data = {
      type,
      challenge: text,
      origin: this.origin,
      crossOrigin: false,
      ...this.behaviour.clientData,
    }
    const json = utf8(JSON.stringify(data))
    return new Uint8Array(this.behaviour.clientDataBytes?.(json) ?? json)
  }

  async #authData(flags: number, rpId = this.#rpId): Promise<Uint8Array<ArrayBuffer>> {
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(rpId)))
    const { extensions = new Uint8Array(), authData = (data) => data } = this.behaviour
    const counter = Uint8Array.of(0, 0, 0, this.requests.length)
    return new Uint8Array(authData(concat(hash, Uint8Array.of(flags), counter, extensions)))
  }

  async #sign(
    { privateKey }: CryptoKeyPair,
    authData: Uint8Array,
    clientDataJSON: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', clientDataJSON))
    const data = concat(authData, hash)
    const raw = new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, data))
    const { r, s } = p256.Signature.fromBytes(raw)
    const isHigh = s > ORDER / 2n
    const wanted = this.behaviour.s
    return derOf(r, wanted && isHigh !== (wanted === 'high') ? ORDER - s : s)
  }
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}
