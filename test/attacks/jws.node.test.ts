import { beforeAll, describe, expect, it } from 'vitest'
import { toDID } from '../../src/compat/dids.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { machine } from '../cli/run-cli.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

// The same attacks on the command line: `cacao-session verify` must not say "good" of anything that it didn't check.

const NOTE = 'https://api.example.com/notes/1'
let jws: string
let capability: string
beforeAll(async () => {
  const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' })
  const session = await DIDSession.authorize(auth, { resources: ['https://api.example.com/notes/*'] })
  const { payload, signatures } = (await (await toDID(session)).createJWS({ note: 'a' })) as {
    payload: string
    signatures: { protected: string; signature: string }[]
  }
  jws = `${signatures[0]?.protected}.${payload}.${signatures[0]?.signature}`
  capability = JSON.stringify(session.cacao)
})

const ATTACKS: readonly [attack: string, args: string[], isGood: boolean][] = [
  ['(for its own key)', [], true],
  ['for an ability, without the capability', ['-a', `notes/delete=${NOTE}`], false],
  ['for a resource, without the capability', ['-r', NOTE], false],
  ['for a domain, without the capability', ['-d', 'app.example.com'], false],
  ['for an account, without the capability', ['--issuer', ACCOUNT_A], false],
  [
    '(for all of these, with the capability)',
    ['--capability', 'capability.json', '-r', NOTE, '-d', 'app.example.com'],
    true,
  ],
  ['for another domain', ['--capability', 'capability.json', '-d', 'evil.example.com'], false],
  [
    'for an ability that it does not grant',
    ['--capability', 'capability.json', '-a', `notes/delete=${NOTE}`],
    false,
  ],
]

describe('a JWS on the command line', () => {
  it.each(ATTACKS)('%s', async (_, args, isGood) => {
    const self = await machine()
    const file = await self.file('capability.json', capability)
    const given = args.map((arg) => (arg === 'capability.json' ? file : arg))
    const { code, stdout } = await self.call(['verify', ...given], { stdin: jws })
    expect([code === 0, /\bgood\b/.test(stdout)]).toEqual([isGood, isGood])
  })
})
