import type { Command } from 'commander'
import type { Abilities } from '../capability/abilities.js'
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

/** The number of a chain (EIP-155). Ends the command for anything else. */
function chainIdArgument(text: string): number {
  const chain = Number(text)
  if (/^[1-9][0-9]*$/.test(text) && Number.isSafeInteger(chain)) return chain
  throw usageError('--chain-id must be the number of a chain, such as 1 or 8453')
}

/** What the account is asked for, and with which key it answers; as commander gives them. */
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

/** Collects an option that may be given several times. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/** Adds the options that `authorize` and `renew` have in common. */
export function addGrantOptions(command: Command): Command {
  command
    .option(
      '-r, --resource <uri>',
      'what the session may do: a URI, exact or ending in /*; several times for more',
      several,
    )
    .option(
      '-a, --ability <name=uri>',
      'what it may do with what (ReCap), such as notes/read=https://…; several times for more',
      several,
    )
    .option('-e, --expires-in <duration>', 'how long it is good: 90s, 30m, 12h, 7d, 2w', durationSecs)
    .option('--statement <text>', 'one line in plain words, which is signed too')
    .option('--nonce <text>', 'the nonce that the server chose')
  addSecretOptions(command, 'key')
  return command
    .addOption(
      command
        .createOption('--key-type <type>', 'what the key is; by default what its PEM says, or ethereum')
        .choices(KEY_TYPES),
    )
    .option('--chain-id <number>', "the chain of an Ethereum key's account; 1 by default", chainIdArgument)
    .option('--rpc <url>', 'where a contract account (smart account) is asked whether it accepts the key')
}

/** The options as the library takes them. */
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

/** The private key that the options name. */
export async function privateKeyOf(options: GrantCommandOptions): Promise<PrivateKey> {
  return parsePrivateKey(await readNeededSecret(options, 'key'), options.keyType)
}

/** One ability, as `name=uri`. */
export function abilityArgument(text: string): { ability: string; resource: string } {
  const [, ability, resource] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (ability !== undefined && resource !== undefined) return { ability, resource }
  throw usageError('--ability must be a name and a URI, such as notes/read=https://api.example.com/notes')
}

function abilitiesOf(texts: readonly string[]): Abilities {
  const abilities: Record<string, Record<string, readonly [object]>> = {}
  for (const { ability, resource } of texts.map(abilityArgument))
    abilities[resource] = { ...abilities[resource], [ability]: [{}] }
  return abilities as Abilities
}
