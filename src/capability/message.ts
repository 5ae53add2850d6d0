import { SessionError } from '../base/errors.js'
import type { CacaoPayload } from './cacao.js'

/** The content of a sign-in message: a payload, with chain and address instead of the account's DID. */
export interface Message extends Omit<CacaoPayload, 'iss'> {
  /** `Ethereum` in `your Ethereum account`. */
  readonly chainName: string
  readonly address: string
  readonly chainId: string
}

/**
 * The layout of the text. Without a statement, did-session and others write one blank line instead of two. Before
 * 2022-09-20, did-session also wrote the chain id after the dates. Only `erc4361` is written; texts in the other
 * layouts are only verified.
 */
export type MessageLayout = 'erc4361' | 'did-session' | 'erc4361-2022' | 'did-session-2022'

/** The content of a text that others wrote. */
export interface ParsedMessage extends Message {
  /** `https` in `https://example.com wants you…`. A CACAO has no member for the scheme, so it is never written here. */
  readonly scheme?: string
}

/** The text that a wallet shows and signs (CAIP-122; for Ethereum ERC-4361). */
export function renderMessage(message: Message, layout: MessageLayout = 'erc4361'): string {
  const { domain, chainName, address, statement, chainId, resources } = message
  const chain = `Chain ID: ${chainId}`
  const isChainLast = layout.endsWith('-2022')
  const noStatement = layout.startsWith('erc4361') ? [''] : []
  const lines = [
    `${domain} wants you to sign in with your ${chainName} account:`,
    address,
    '',
    ...(statement === undefined ? noStatement : [statement, '']),
    `URI: ${message.aud}`,
    `Version: ${message.version}`,
    ...(isChainLast ? [] : [chain]),
    `Nonce: ${message.nonce}`,
    `Issued At: ${message.iat}`,
  ]
  if (message.exp !== undefined) lines.push(`Expiration Time: ${message.exp}`)
  if (message.nbf !== undefined) lines.push(`Not Before: ${message.nbf}`)
  if (message.requestId !== undefined) lines.push(`Request ID: ${message.requestId}`)
  if (isChainLast) lines.push(chain)
  if (resources) lines.push('Resources:', ...resources.map((resource) => `- ${resource}`))
  return lines.join('\n')
}

/**
 * The payloads whose text may have been signed for this payload: the payload itself, and if its list of resources is
 * empty, also the payload without that list. The grammar of ERC-4361 allows an empty `Resources:` section, but some
 * software omits it.
 */
export function signedPayloads<P extends { readonly resources?: readonly string[] }>(p: P): P[] {
  if (p.resources?.length !== 0) return [p]
  const { resources: _, ...rest } = p
  return [p, rest as P]
}

const HEADER =
  /^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):\/\/)?(?<domain>\S+) wants you to sign in with your (?<chainName>\S+) account:$/

/**
 * Splits an ERC-4361 text into its fields. Does not check the values: `parsePayload` does that. Throws
 * `ERR_CAPABILITY_INVALID` if a line is missing, repeated, unknown or out of order.
 */
export function parseMessage(text: string): ParsedMessage {
  const lines = new Lines(text)
  const header = HEADER.exec(lines.next('the domain'))?.groups
  if (!header) throw invalid('the first line')
  const { scheme, domain = '', chainName = '' } = header
  const address = lines.next('the address')
  lines.blank()
  // Without a statement, there is another blank line.
  const statement = lines.peek(1)?.startsWith('URI: ') ? undefined : lines.next('the statement')
  lines.blank()
  const [aud, version, chainId, nonce, iat] = REQUIRED.map((name) => lines.field(name) ?? missing(name))
  const [exp, nbf, requestId] = OPTIONAL.map((name) => lines.field(name))
  const resources = lines.peek() === 'Resources:' ? lines.rest().slice(1).map(resourceOf) : undefined
  const [odd] = lines.rest()
  if (odd !== undefined) throw invalid(`the line ${JSON.stringify(odd.slice(0, 40))}`)
  const message = {
    scheme,
    domain,
    chainName,
    address,
    statement,
    aud,
    version,
    chainId,
    nonce,
    iat,
    exp,
    nbf,
    requestId,
    resources,
  }
  return Object.fromEntries(
    Object.entries(message).filter(([, value]) => value !== undefined),
  ) as unknown as ParsedMessage
}

const REQUIRED = ['URI', 'Version', 'Chain ID', 'Nonce', 'Issued At'] as const
const OPTIONAL = ['Expiration Time', 'Not Before', 'Request ID'] as const

/**
 * Reads the lines of a text one after the other. An index is used instead of `shift`, which is slow for a long array.
 */
class Lines {
  readonly #lines: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#lines = text.split('\n')
  }

  peek(ahead = 0): string | undefined {
    return this.#lines[this.#at + ahead]
  }

  next(what: string): string {
    const line = this.peek() ?? missing(what)
    this.#at += 1
    return line
  }

  blank(): void {
    if (this.next('a blank line') !== '') throw invalid('a line that should be blank')
  }

  field(name: string): string | undefined {
    const prefix = `${name}: `
    return this.peek()?.startsWith(prefix) ? this.next(name).slice(prefix.length) : undefined
  }

  rest(): readonly string[] {
    const lines = this.#lines.slice(this.#at)
    this.#at = this.#lines.length
    return lines
  }
}

function resourceOf(line: string): string {
  if (!line.startsWith('- ')) throw invalid('a resource without "- "')
  return line.slice(2)
}

function missing(name: string): never {
  throw invalid(`${name}, which is missing or out of order`)
}

function invalid(what: string): SessionError {
  return new SessionError('ERR_CAPABILITY_INVALID', `not a sign-in message (ERC-4361): look at ${what}`)
}
