import { keccak_256 } from '@noble/hashes/sha3.js'
import { type AccountParts, accountOfDID, parseAccount } from '../../base/account.js'
import { SessionError } from '../../base/errors.js'
import { toHex } from '../../base/hex.js'
import { utf8 } from '../../base/utf8.js'
import type { Cacao, CacaoPayload } from '../../capability/cacao.js'
import { type Message, type MessageLayout, parseMessage, renderMessage } from '../../capability/message.js'
import { parsePayload } from '../../capability/parse-cacao.js'
import { parseDateTime } from '../../capability/schema.js'
import { verifierInput } from '../../capability/verifier-input.js'
import type { VerifierOptions } from '../../capability/verify-signature.js'

// Whoever checks one signature of an account checks more: the addresses seen last are kept.
const known = new Map<string, string>()
const MOST_KNOWN = 1000

/** The address with its checksum in the case of its letters (EIP-55). Takes `0x` and 40 hex digits in any case. */
export function toEIP55(address: string): string {
  const digits = address.slice(2).toLowerCase()
  const seen = known.get(digits)
  if (seen !== undefined) return seen
  const hash = toHex(keccak_256(utf8(digits)))
  const checksummed = `0x${digits.replace(/[a-f]/g, (digit, i: number) => (hash.charAt(i) >= '8' ? digit.toUpperCase() : digit))}`
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(digits, checksummed)
  return checksummed
}

/**
 * The ERC-4361 text of a payload whose issuer is an Ethereum account. The address is written in EIP-55,
 * however the DID writes it; older texts have other renderings.
 */
export function renderEthereumMessage(
  p: CacaoPayload,
  { layout, address }: { layout?: MessageLayout; address?: string } = {},
): string {
  const account = parseAccount(accountOfDID(p.iss) ?? '')
  if (account?.namespace !== 'eip155') {
    throw new SessionError('ERR_CAPABILITY_ISSUER', `${p.iss} is not an Ethereum account (did:pkh:eip155:…)`)
  }
  const { iss: _, ...rest } = p
  return renderMessage(
    {
      ...rest,
      chainName: 'Ethereum',
      address: address ?? toEIP55(account.address),
      chainId: account.reference,
    },
    layout,
  )
}

/**
 * Reads an ERC-4361 text strictly: EIP-55 address, RFC 3986 authority and URIs, RFC 3339 dates, nothing
 * missing, doubled or out of order. Throws `ERR_CAPABILITY_INVALID`.
 */
export function parseEthereumMessage(text: string): { payload: CacaoPayload; scheme?: string } {
  const { chainName, address, chainId, scheme, ...rest }: Message = parseMessage(text)
  const iss = `did:pkh:eip155:${chainId}:${address.toLowerCase()}`
  const payload = parsePayload({ ...rest, iss }, 'message')
  if (chainName !== 'Ethereum' || address !== toEIP55(address)) {
    throw new SessionError(
      'ERR_CAPABILITY_INVALID',
      'not an Ethereum sign-in message: the address must be written in EIP-55',
    )
  }
  return scheme === undefined ? { payload } : { payload, scheme }
}

// did-session's family wrote the older field order up to this day.
const LEGACY_UNTIL = Date.UTC(2022, 8, 20)

/**
 * What an Ethereum account is said to have signed, before its signature is looked at: the capability, and the account's
 * chain (a decimal number) and address (in lower case). Throws the `ERR_CAPABILITY_…` of what is wrong with it.
 */
export function ethereumCapability(
  input: unknown,
  options: VerifierOptions | undefined,
): Pick<AccountParts, 'reference' | 'address'> & { readonly cacao: Cacao } {
  const cacao = verifierInput(input, options)
  const issuer = parseAccount(accountOfDID(cacao.p.iss) ?? '')
  if (issuer?.namespace !== 'eip155') {
    throw new SessionError(
      'ERR_CAPABILITY_ISSUER',
      `an ${cacao.s.t} signature speaks for Ethereum accounts (did:pkh:eip155:…) only`,
    )
  }
  if (cacao.s.m) {
    throw new SessionError(
      'ERR_CAPABILITY_INVALID',
      `malformed capability: s.m must be absent beside an ${cacao.s.t} signature`,
    )
  }
  const { reference, address } = issuer
  return { cacao, reference, address }
}

/** The texts that may have been signed: as it is written today first, then as older software wrote it. */
export function* renderings({ p }: Cacao): Generator<string> {
  yield renderEthereumMessage(p)
  if (p.statement === undefined) yield renderEthereumMessage(p, { layout: 'did-session' })
  const address = p.iss.slice(p.iss.lastIndexOf(':') + 1)
  yield renderEthereumMessage(p, { layout: 'did-session', address })
  if ((parseDateTime(p.iat) ?? Number.POSITIVE_INFINITY) <= LEGACY_UNTIL) {
    yield renderEthereumMessage(p, { layout: 'did-session-2022', address })
  }
}
