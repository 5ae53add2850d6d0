import type { Command } from 'commander'
import { accountArgument } from '../base/account.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { withForgottenScheme } from '../capability/forgotten-scheme.js'
import { type Abilities, isResource } from '../capability/resources.js'
import type { Verifiers } from '../capability/verify-signature.js'
import type { KeyType } from '../key/session-key.js'
import type { GrantOptions } from '../options/session-options.js'
import { ethereumVerifiers } from '../wallet/ethereum/index.js'
import { keyVerifiers } from '../wallet/key/index.js'
import { solanaVerifiers } from '../wallet/solana/index.js'
import { webauthnVerifiers } from '../wallet/webauthn/index.js'
import { durationSecs, usageError } from './output.js'
import {
  type AccountKeyType,
  addSecretOptions,
  KEY_TYPES,
  type PrivateKey,
  parsePrivateKey,
  readNeededSecret,
  type SecretOptions,
} from './secrets.js'

/** What the session should allow, and the key that signs it, as commander parses them. */
export interface GrantCommandOptions extends SecretOptions {
  readonly resource?: readonly string[]
  readonly ability?: readonly string[]
  readonly expiresIn?: number
  readonly statement?: string
  readonly nonce?: string
  readonly keyType?: AccountKeyType
  readonly chainId?: number
  readonly rpc?: string
}

/** Adds the options that `authorize` and `renew` have in common. */
export function addGrantOptions(command: Command): Command {
  command
    .option(
      '-r, --resource <uri>',
      'what the session may do: a URI, exact or ending in /*; may be repeated',
      several,
    )
    .option(
      '-a, --ability <name=uri>',
      'an ability on a resource (ReCap), such as notes/read=https://…; may be repeated',
      several,
    )
    .option(
      '-e, --expires-in <duration>',
      'how long the session is valid, such as 90s, 30m, 12h, 7d or 2w',
      durationSecs,
    )
    .option('--statement <text>', 'one line of text to include in the signed message')
    .option('--nonce <text>', 'the nonce that the server chose')
  addSecretOptions(command, 'key')
  return command
    .addOption(
      command
        .createOption(
          '--key-type <type>',
          'the type of the key; by default the type in its PEM file, otherwise ethereum',
        )
        .choices(KEY_TYPES),
    )
    .option('--chain-id <number>', 'the chain of an Ethereum account; 1 by default', chainIdArgument)
    .option(
      '--rpc <url>',
      'the URL of an RPC server, to check that a contract account (smart account) accepts the key',
    )
}

/** Collects the values of an option that may be repeated. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/** Parses a chain id (EIP-155). Ends the command if it is malformed. */
function chainIdArgument(text: string): number {
  const chain = Number(text)
  if (/^[1-9][0-9]*$/.test(text) && Number.isSafeInteger(chain)) return chain
  throw usageError('--chain-id must be the number of a chain, such as 1 or 8453')
}

/** Converts the options to those of the library. */
export function grantOf(options: GrantCommandOptions): GrantOptions {
  const { resource, ability, expiresIn, statement, nonce } = options
  return {
    ...(resource && { resources: resource.map(resourceArgument) }),
    ...(ability && { abilities: abilitiesOf(ability) }),
    ...(expiresIn !== undefined && { expiresInSecs: expiresIn }),
    ...(statement !== undefined && { statement }),
    ...(nonce !== undefined && { nonce }),
  }
}

/** Parses a resource. Ends the command if it is not a URI, and suggests what to write. */
function resourceArgument(text: string): string {
  const whole = withForgottenScheme(text)
  if (whole !== undefined) throw usageError(`--resource ${text} has no scheme: write ${whole}`)
  if (isResource(text)) return text
  const guess = `https://${text}`
  const advice =
    isResource(guess) && !text.startsWith('/') ? guess : 'a URI, such as https://api.example.com/notes/*'
  throw usageError(`--resource ${text} is not a URI, or has . or .. segments: write ${advice}`)
}

function abilitiesOf(texts: readonly string[]): Abilities {
  const abilities: Record<string, Record<string, readonly [object]>> = {}
  for (const { ability, resource } of texts.map(abilityArgument))
    abilities[resource] = { ...abilities[resource], [ability]: [{}] }
  return abilities as Abilities
}

/** Parses an ability, written as `name=uri`. Ends the command if it is malformed. */
export function abilityArgument(text: string): { ability: string; resource: string } {
  const [, ability, resource] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (ability !== undefined && resource !== undefined) return { ability, resource }
  throw usageError('--ability must be a name and a URI, such as notes/read=https://api.example.com/notes')
}

/** Reads the private key that the options name. */
export async function privateKeyOf(options: GrantCommandOptions): Promise<PrivateKey> {
  return parsePrivateKey(await readNeededSecret(options, 'key'), options.keyType)
}

// A domain that was read from a file with Windows' line ends has a carriage return at its end.
const NOT_IN_HOSTS = /[^!-~]/

/** Parses a domain. Ends the command if it is a URL, and suggests the URL's host; or if it has a character that no host has. */
export function domainArgument(text: string): string {
  if (NOT_IN_HOSTS.test(text))
    throw usageError(
      `--domain must be a host as in a URL, without spaces and line breaks, and in Punycode, not "${text}"`,
    )
  if (!text.includes('/')) return text
  const host = URL.canParse(text) ? new URL(text).host : text.split('/', 1)[0]
  throw usageError(
    `--domain must be a host, without a scheme or a path: --domain ${host || 'app.example.com'}`,
  )
}

/** The account of a private key, and its auth method. */
export interface Signer {
  readonly account: string
  readonly auth: AuthMethod
}

/** The options of `authorize` and `renew` that the signer needs. */
export interface SignInOptions {
  readonly domain?: string | undefined
  readonly chainId?: number | undefined
  /** A contract account to sign in as, instead of the key's own account. */
  readonly account?: string | undefined
  readonly rpc?: string | undefined
}

/** Returns the account of a private key, and its auth method. */
export async function signerOf({ type, secret }: PrivateKey, options: SignInOptions): Promise<Signer> {
  if (type !== 'ethereum' && (options.account ?? options.chainId ?? options.rpc) !== undefined)
    throw usageError(
      `--account, --chain-id and --rpc only work with an Ethereum key, and this key is of type ${type}`,
    )
  const domain = options.domain === undefined ? {} : { domain: options.domain }
  if (type === 'ethereum') return ethereumSigner(secret, domain, options)
  if (type === 'solana') return solanaSigner(secret, domain)
  const { keyAccount, keyAuth } = await import('../wallet/key/index.js')
  const key = { type: DID_KEY_TYPES[type], secret }
  return { account: await keyAccount(key), auth: keyAuth(key, domain) }
}

async function ethereumSigner(
  secret: Uint8Array,
  domain: { domain?: string },
  { account: contract, chainId, rpc }: SignInOptions,
): Promise<Signer> {
  const { ethereumAccount, ethereumAuth } = await import('../wallet/ethereum/index.js')
  const chain = chainId === undefined ? {} : { chainId }
  const account = contract === undefined ? await ethereumAccount(secret, chain) : accountArgument(contract)
  return { account, auth: ethereumAuth(secret, account, { ...domain, ...(rpc !== undefined && { rpc }) }) }
}

async function solanaSigner(secret: Uint8Array<ArrayBuffer>, domain: { domain?: string }): Promise<Signer> {
  const [{ solanaAccount, solanaAuth }, { seedKey }, { parseDIDKey }, { toBase58 }] = await Promise.all([
    import('../wallet/solana/index.js'),
    import('../key/generate-key.js'),
    import('../key/did-key.js'),
    import('../key/session-key.js'),
  ])
  const key = await seedKey(secret)
  const address = toBase58(parseDIDKey(key.did)?.bytes ?? new Uint8Array())
  const wallet = { publicKey: address, signMessage: async (message: Uint8Array) => key.sign(message) }
  const account = await solanaAccount(wallet)
  return { account, auth: solanaAuth(wallet, account, domain) }
}

const DID_KEY_TYPES: Readonly<Record<Exclude<AccountKeyType, 'ethereum' | 'solana'>, KeyType>> = {
  ed25519: 'Ed25519',
  p256: 'P-256',
  secp256k1: 'secp256k1',
}

/** Verifiers for every kind of account. Contract accounts need the URL of an RPC server. */
export function accountVerifiers(rpc: string | undefined): Verifiers {
  return {
    ...ethereumVerifiers({ ...(rpc !== undefined && { rpc }) }),
    ...solanaVerifiers(),
    ...webauthnVerifiers(),
    ...keyVerifiers(),
  }
}
