import { type AccountParts, accountOfDID, parseAccount } from '../../base/account.js'
import { toEIP55 } from '../../base/eip55.js'
import { SessionError } from '../../base/errors.js'
import { type Cacao, type CacaoPayload, hasMetadata, parseDateTime } from '../../capability/cacao.js'
import { type MessageLayout, parseMessage, renderMessage, signedPayloads } from '../../capability/message.js'
import { parsePayload } from '../../capability/parse-cacao.js'
import type { VerifierOptions } from '../../capability/verify-signature.js'
import { verifierInput } from '../../capability/verify-signature.js'

/**
 * Renders the ERC-4361 message of a payload whose issuer is an Ethereum account. The address is written in
 * EIP-55 unless `address` says otherwise; `layout` selects the format of older software. Throws
 * `ERR_CAPABILITY_ISSUER` if the issuer is another kind of account.
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
 * Parses an ERC-4361 message strictly: the address must be in EIP-55, the authority and URIs must follow RFC
 * 3986 and the dates RFC 3339, and no field may be missing, repeated or out of order. Throws
 * `ERR_CAPABILITY_INVALID`.
 */
export function parseEthereumMessage(text: string): { payload: CacaoPayload; scheme?: string } {
  const { chainName, address, chainId, scheme, ...rest } = parseMessage(text)
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

/**
 * Reads the capability that an Ethereum account is said to have signed, before its signature is checked.
 * Returns it with the account's chain (a decimal number) and address (in lower case). Throws an
 * `ERR_CAPABILITY_…` code that says what is wrong with it.
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
      `an ${cacao.s.t} signature is only accepted from an Ethereum account (did:pkh:eip155:…)`,
    )
  }
  if (hasMetadata(cacao)) {
    throw new SessionError(
      'ERR_CAPABILITY_INVALID',
      `malformed capability: s.m must be absent, because an ${cacao.s.t} signature has no metadata`,
    )
  }
  const { reference, address } = issuer
  return { cacao, reference, address }
}

// Until this date, the auth methods of did-session wrote the fields in an older order.
const LEGACY_UNTIL = Date.UTC(2022, 8, 20)

/**
 * Yields each text that may have been signed, once. The texts differ in the address (EIP-55, as in `p.iss`, or lower case), in one or
 * two blank lines instead of a statement, in whether an empty list of resources has a line, and, for old dates, in the order of the
 * fields. Today's text comes first, then those of did-session, then the rest.
 */
export function* renderings({ p }: Cacao): Generator<string> {
  const stored = p.iss.slice(p.iss.lastIndexOf(':') + 1)
  const spellings = { checksum: toEIP55(stored), stored, lower: stored.toLowerCase() }
  const isOld = (parseDateTime(p.iat) ?? Number.POSITIVE_INFINITY) <= LEGACY_UNTIL
  const seen = new Set<string>()
  for (const signed of signedPayloads(p)) {
    for (const [layout, spelling] of LAYOUTS) {
      if (layout.endsWith('-2022') && !isOld) continue
      const text = renderEthereumMessage(signed, { layout, address: spellings[spelling] })
      if (!seen.has(text)) yield text
      seen.add(text)
    }
  }
}

/** Each layout, and how the address is written in it; the most frequent ones first. */
const LAYOUTS: readonly (readonly [layout: MessageLayout, spelling: 'checksum' | 'stored' | 'lower'])[] = [
  ['erc4361', 'checksum'],
  ['did-session', 'checksum'],
  ['did-session', 'stored'],
  ['did-session-2022', 'stored'],
  ['erc4361', 'stored'],
  ['did-session-2022', 'checksum'],
  ['erc4361-2022', 'stored'],
  ['erc4361-2022', 'checksum'],
  ['erc4361', 'lower'],
  ['did-session', 'lower'],
  ['did-session-2022', 'lower'],
  ['erc4361-2022', 'lower'],
]
