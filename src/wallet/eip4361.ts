import { accountOfDID, parseAccount } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import type { CacaoPayload } from '../capability/cacao.js'
import { parsePayload } from '../capability/cacao.js'
import { type Message, type MessageLayout, parseMessage, renderMessage } from '../capability/message.js'
import { toEIP55 } from './eip55.js'

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
