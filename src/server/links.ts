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

/** What the page hands to the auth method of the account that is to be linked, as JSON. */
export interface LinkRequest
  extends Required<Pick<AuthMethodOpts, 'uri' | 'nonce' | 'statement' | 'expirationTime'>> {
  /** None: what is signed grants nothing. */
  resources: []
}

/** The options of `linkRequest`. */
export interface LinkRequestOptions {
  /** What issues and remembers nonces: `nonces()`, made once, outside of the call. Servers that stand in for one another share it. */
  nonces: Nonces
  /** What the person reads before they sign, one line; a sentence with the account's address by default. */
  statement?: string
  /** Seconds for which the signature is good, a year at most; 600 by default. The nonce may expire earlier, as `nonces` was told. */
  expiresInSecs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

/** The options of `verifyLink`. */
export interface VerifyLinkOptions {
  /** Those that `linkRequest` was given. */
  nonces: Nonces
  /** The verifiers of the wallet entries: `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /** The domains, with their ports, of the sites where the signature may have been made; or a function. */
  domains: Domains
  /** Seconds by which the clock of the person's device may be fast; 300 by default. */
  clockSkewSecs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

/** Two accounts that one person has shown to have: by a session, and by a new signature. */
export interface AccountLink {
  /** The account of the session: a CAIP-10 id in its normal form, or a did:key. */
  readonly account: string
  /** The account that signed, in the same form. */
  readonly linkedAccount: string
  /** Its address: of an Ethereum account with its checksum (EIP-55); a did:key is its own. */
  readonly linkedAddress: string
  /** Its DID. */
  readonly linkedId: string
  /** What it signed, which can be kept as evidence. It grants nothing. */
  readonly cacao: Cacao
}

const nonceStore: ReadValue<Nonces> = (value, name) => {
  const form = 'what nonces() of cacao-session/verify returns'
  for (const method of ['issue', 'consume']) methodOption(method, form)(value, name)
  return value as Nonces
}

// What no wallet could sign is told here, and not to the person on the page.
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
 * What another account has to sign so that it is linked to the caller's: give it to the page, which hands it to the auth method of
 * that account. Its nonce is for this session only, and for one link. Throws `ERR_CAPABILITY_DELEGATED` if the caller acts by
 * delegation, and a `TypeError` for wrong options.
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
 * Verifies what another account has signed for `linkRequest`: an object, or the text that `stringifyCacao` makes of it. Resolves with
 * both accounts, once. Where a person may be signed in with either, look up the user of your app by both.
 *
 * Rejects with `ERR_CAPABILITY_AUDIENCE` if it was signed for another account; with `ERR_CAPABILITY_NONCE` if for another session, if
 * the nonce has expired, or if it was used before; with `ERR_CAPABILITY_RESOURCES` if it grants anything; with `ERR_CAPABILITY_ISSUER` if
 * both are one account; with `ERR_CAPABILITY_DELEGATED` if a session key signed it, or the caller acts by delegation; with the other
 * codes of `verifyCacao`; with `ERR_STORE_UNAVAILABLE` if the store of nonces fails; and with a `TypeError` for wrong options.
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
    throw refused('AUDIENCE', `it is for ${aud} and not for ${audienceOf(caller)}: begin anew`)
  if (resources.length > 0) throw refused('RESOURCES', 'it must grant no resources')
  if ((await capabilityAccounts(cacao)).includes(caller.account))
    throw refused('ISSUER', `${caller.account} is the account of the session itself: choose another account`)
  const issued = nonce.slice(0, -BINDING_LENGTH)
  if (nonce !== issued + bindingOf(issued, caller))
    throw refused('NONCE', 'it was signed for another session: begin anew')
  await verifyCacao(cacao, definedOf(checks))
  // Last, so that a link that is refused can still be signed for.
  if (!(await consume(nonces, issued)))
    throw refused('NONCE', 'it has expired, or was used before: begin anew')
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
 * What is signed is for a DID URL, which names the account of the session and is no key, also where the account is one: so that it can't
 * be taken for a session.
 */
function audienceOf({ id }: Caller): string {
  return `${id}#link`
}

const BINDING_LENGTH = 32

/** Binds an issued nonce to a session, in hex. Both can be seen by anyone; that the nonce was issued is what its own MAC shows. */
function bindingOf(issued: string, { account, keyDID }: Caller): string {
  return toHex(sha256(utf8(`cacao-session link ${issued} ${account} ${keyDID}`))).slice(0, BINDING_LENGTH)
}

async function consume(nonces: Nonces, issued: string): Promise<boolean> {
  try {
    return (await nonces.consume(issued)) === true
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    throw new SessionError('ERR_STORE_UNAVAILABLE', 'the store of nonces failed: check that it is running', {
      cause,
    })
  }
}

function definedOf({
  clockSkewSecs,
  now,
  ...checks
}: Omit<VerifyLinkOptions, 'nonces'>): Omit<VerifyLinkOptions, 'nonces'> {
  return { ...checks, ...(clockSkewSecs !== undefined && { clockSkewSecs }), ...(now && { now }) }
}

function refused(name: 'AUDIENCE' | 'RESOURCES' | 'ISSUER' | 'NONCE', reason: string): SessionError {
  return new SessionError(`ERR_CAPABILITY_${name}`, `the link is refused: ${reason}`)
}
