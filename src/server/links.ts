import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from '../base/bytes.js'
import { type Clock, clockOption, systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { toHex } from '../base/hex.js'
import {
  check,
  type OptionReaders,
  quantityOption,
  type ReadValue,
  readOptions,
  required,
  setting,
  wrong,
} from '../base/options.js'
import { storeFailure } from '../base/store-answer.js'
import type { AuthMethodOpts } from '../capability/auth-method.js'
import type { Cacao } from '../capability/cacao.js'
import { type Domains, domainsOption, methodOption, verifiersOption } from '../capability/check-options.js'
import { decodeDagJSON } from '../capability/dag-json.js'
import { parseCacao, parsePayload } from '../capability/parse-cacao.js'
import { verifyCacao } from '../capability/verify-cacao.js'
import type { Verifiers } from '../capability/verify-signature.js'
import { type Caller, callerUnder } from '../http/capability-gate.js'
import { lifetimeOption, type Nonces } from '../http/nonces.js'
import { capabilityAccounts } from '../http/revocation.js'
import { assertOwnSession } from './devices.js'

/** The options for the auth method of the account to link. The page passes them on as they are; they can be sent as JSON. */
export interface LinkRequest
  extends Required<Pick<AuthMethodOpts, 'uri' | 'nonce' | 'statement' | 'expirationTime'>> {
  /** Empty, so that the signature grants nothing. */
  resources: []
}

/** The options of `linkRequest`. */
export interface LinkRequestOptions {
  /**
   * Issues and remembers nonces: the result of `nonces()`, which is called once when the server starts. Servers that answer the same
   * requests share its secret and its store.
   */
  nonces: Nonces
  /** The line that the person reads before they sign; a sentence with the account's address by default. */
  statement?: string
  /** Seconds for which the signature is valid, at most a year; 600 by default. The nonce may expire earlier: see `nonces`. */
  expiresInSecs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

/** The options of `verifyLink`. */
export interface VerifyLinkOptions {
  /** The same as for `linkRequest`. */
  nonces: Nonces
  /** Verifiers of signatures, such as `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /** The domains, with their ports, of the sites where the account may have signed; or a function that decides it. */
  domains: Domains
  /** Seconds by which the clock of the person's device may be fast; 300 by default. */
  clockSkewSecs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

/** Two accounts of the same person: one has the session, and the other one signed for the link. */
export interface AccountLink {
  /** The account of the session: a CAIP-10 id in its normal form, or a did:key. */
  readonly account: string
  /** The account that signed, in the same form. */
  readonly linkedAccount: string
  /** The address of the linked account: in EIP-55 for an Ethereum account, and the did:key itself for a did:key. */
  readonly linkedAddress: string
  /** The DID of the linked account. */
  readonly linkedId: string
  /** The capability that the linked account signed, which can be kept as evidence. It grants nothing. */
  readonly cacao: Cacao
}

const nonceStore: ReadValue<Nonces> = (value, name) => {
  const form = 'the result of nonces() of cacao-session/verify'
  for (const method of ['issue', 'consume']) methodOption(method, form)(value, name)
  return value as Nonces
}

// A statement that no wallet can sign is refused here, before a person sees the error on the page.
const statementOption: ReadValue<string> = (value, name) => {
  if (typeof value === 'string' && value !== '' && isStatement(value)) return value
  throw wrong(
    name,
    "one line of at most 16,384 letters of any language, digits, spaces and -._~:/?#[]@!$&'()*+,;=, or left out",
  )
}

function isStatement(statement: string): boolean {
  const [iss, iat] = ['did:pkh:eip155:1:0x0000000000000000000000000000000000000000', '2026-01-01T00:00:00Z']
  try {
    parsePayload({
      domain: 'app.example.com',
      iss,
      aud: iss,
      version: '1',
      nonce: '00000000',
      iat,
      statement,
    })
    return true
  } catch {
    return false
  }
}

const LINK_OPTIONS: OptionReaders<{
  [K in keyof Required<LinkRequestOptions>]: LinkRequestOptions[K] | undefined
}> = {
  nonces: required(nonceStore),
  statement: check(statementOption),
  expiresInSecs: setting(lifetimeOption),
  now: setting(clockOption),
}

const VERIFY_OPTIONS: OptionReaders<{
  [K in keyof Required<VerifyLinkOptions>]: VerifyLinkOptions[K] | undefined
}> = {
  nonces: required(nonceStore),
  verifiers: required(verifiersOption),
  domains: required(domainsOption),
  clockSkewSecs: setting(quantityOption),
  now: setting(clockOption),
}

/**
 * Returns the options for a signature that links a second account to the caller's. Send them to the page, which passes them to the
 * auth method of the second account. The nonce is valid for this session and for one link. Throws `ERR_CAPABILITY_DELEGATED` if the
 * caller acts by delegation, and a `TypeError` for wrong options.
 *
 * @example
 * // The server: GET /api/link
 * app.get('/api/link', (c) => c.json(linkRequest(c.var.caller, { nonces: links })))
 * // The page
 * const request = (await (await session.fetch('/api/link')).json()) as LinkRequest
 * const signed = await ethereumAuth(provider, otherAccount)(request)
 * await session.fetch('/api/link', { method: 'POST', body: stringifyCacao(signed) })
 */
export function linkRequest(caller: Caller, options: LinkRequestOptions): LinkRequest {
  const {
    nonces,
    statement = `Link this account to ${caller.address}, which is signed in.`,
    expiresInSecs = 600,
    now = systemClock,
  } = readOptions(options, LINK_OPTIONS) as LinkRequestOptions
  assertOwnSession(caller)
  const issued = nonces.issue()
  return {
    uri: audienceOf(caller),
    nonce: issued + bindingOf(issued, caller),
    statement,
    expirationTime: new Date(now() + expiresInSecs * 1000).toISOString(),
    resources: [],
  }
}

/**
 * Verifies the capability that a second account signed for `linkRequest`: an object, or the text that `stringifyCacao` returns.
 * Resolves with both accounts; a second call with the same capability rejects. If the person may sign in with either account, look up
 * your app's user by both.
 *
 * Rejects with
 *
 * - `ERR_CAPABILITY_AUDIENCE`: it was signed for a different account
 * - `ERR_CAPABILITY_NONCE`: it was signed for a different session, the nonce has expired, or it was used before
 * - `ERR_CAPABILITY_RESOURCES`: it grants something
 * - `ERR_CAPABILITY_ISSUER`: the account that signed is the account of the session
 * - `ERR_CAPABILITY_DELEGATED`: a session key signed it, or the caller acts by delegation
 * - the other codes of `verifyCacao`
 * - `ERR_STORE_UNAVAILABLE`: the store of nonces failed
 * - a `TypeError`: an option is wrong
 *
 * @example
 * const { account, linkedAccount } = await verifyLink(c.var.caller, await c.req.text(), {
 *   nonces: links,
 *   verifiers: { ...ethereumVerifiers(), ...solanaVerifiers() },
 *   domains: ['app.example.com'],
 * })
 */
export async function verifyLink(
  caller: Caller,
  input: unknown,
  options: VerifyLinkOptions,
): Promise<AccountLink> {
  const { nonces, ...checks } = readOptions(options, VERIFY_OPTIONS) as VerifyLinkOptions
  assertOwnSession(caller)
  const cacao = parseCacao(typeof input === 'string' ? decodeDagJSON(input) : input)
  const { aud, nonce, resources = [] } = cacao.p
  if (aud !== audienceOf(caller))
    throw refused(
      'AUDIENCE',
      `it is for ${aud} and not for ${audienceOf(caller)}: get a new linkRequest and sign again`,
    )
  if (resources.length > 0) throw refused('RESOURCES', 'it must grant no resources')
  if ((await capabilityAccounts(cacao)).includes(caller.account))
    throw refused(
      'ISSUER',
      `${caller.account} is the account of the session itself: choose a different account`,
    )
  const issued = nonce.slice(0, -BINDING_LENGTH)
  if (nonce !== issued + bindingOf(issued, caller))
    throw refused('NONCE', 'it was signed for another session: get a new linkRequest and sign again')
  await verifyCacao(cacao, checks)
  // Last, so that a link that any other check refuses does not use up the nonce.
  if (!(await consume(nonces, issued)))
    throw refused('NONCE', 'it has expired, or was used before: get a new linkRequest and sign again')
  const linked = callerUnder(cacao)
  return {
    account: caller.account,
    linkedAccount: linked.account,
    linkedAddress: linked.address,
    linkedId: linked.id,
    cacao,
  }
}

/**
 * Returns the audience of a link: a DID URL of the session's account. It is never a key, even if the account is a did:key, so the
 * signature can't be used as a session.
 */
function audienceOf({ id }: Caller): string {
  return `${id}#link`
}

const BINDING_LENGTH = 32

/** Binds an issued nonce to a session, in hex. Anyone can compute this; the nonce's own MAC shows that the server issued it. */
function bindingOf(issued: string, { account, keyDID }: Caller): string {
  return toHex(sha256(utf8(`cacao-session link ${issued} ${account} ${keyDID}`))).slice(0, BINDING_LENGTH)
}

async function consume(nonces: Nonces, issued: string): Promise<boolean> {
  try {
    return (await nonces.consume(issued)) === true
  } catch (cause) {
    throw storeFailure('the store of nonces', cause)
  }
}

function refused(name: 'AUDIENCE' | 'RESOURCES' | 'ISSUER' | 'NONCE', reason: string): SessionError {
  return new SessionError(`ERR_CAPABILITY_${name}`, `the link is refused: ${reason}`)
}
