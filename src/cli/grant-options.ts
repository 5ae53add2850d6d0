import type { Command } from 'commander'
import type { Abilities } from '../capability/resources.js'
import type { GrantOptions } from '../options/session-options.js'
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
    .option('--statement <text>', 'one line of text that is signed too')
    .option('--nonce <text>', 'the nonce that the server chose')
  addSecretOptions(command, 'key')
  return command
    .addOption(
      command
        .createOption(
          '--key-type <type>',
          'the type of the key; by default that of its PEM, otherwise ethereum',
        )
        .choices(KEY_TYPES),
    )
    .option('--chain-id <number>', 'the chain of an Ethereum account; 1 by default', chainIdArgument)
    .option(
      '--rpc <url>',
      'the URL of an RPC that is asked whether a contract account (smart account) accepts the key',
    )
}

/** Collects the values of an option that may be repeated. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/** Parses the number of a chain (EIP-155). Ends the command if it is malformed. */
function chainIdArgument(text: string): number {
  const chain = Number(text)
  if (/^[1-9][0-9]*$/.test(text) && Number.isSafeInteger(chain)) return chain
  throw usageError('--chain-id must be the number of a chain, such as 1 or 8453')
}

/** Converts the options to those of the library. */
export function grantOf(options: GrantCommandOptions): GrantOptions {
  const { resource, ability, expiresIn, statement, nonce } = options
  return {
    ...(resource && { resources: resource }),
    ...(ability && { abilities: abilitiesOf(ability) }),
    ...(expiresIn !== undefined && { expiresInSecs: expiresIn }),
    ...(statement !== undefined && { statement }),
    ...(nonce !== undefined && { nonce }),
  }
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

/** Parses a domain. Ends the command for a URL, and says which domain it has. */
export function domainArgument(text: string): string {
  if (!text.includes('/')) return text
  const host = URL.canParse(text) ? new URL(text).host : text.split('/', 1)[0]
  throw usageError(`write the host alone, as browsers show it: --domain ${host || 'app.example.com'}`)
}
