import { JsonRpcProvider } from 'ethers'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import type { Verifiers } from '../../src/capability/verify-signature.js'
import { type EthereumRPC, ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { ANVIL_CHAIN } from '../setup/anvil.js'
import { AUDIENCE, payload } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import {
  accountOn,
  OWNER,
  SALT,
  type SmartAccounts,
  STARTUP_MS,
  signedBy,
  startSmartAccounts,
} from '../setup/smart-accounts.js'
import { KEY_A, KEY_B } from '../setup/wallet.js'

const OTHER = privateKeyToAccount(KEY_B)
const salt = (byte: number): `0x${string}` => `0x${byte.toString(16).padStart(64, '0')}`

let chain: SmartAccounts
beforeAll(async () => {
  chain = await startSmartAccounts()
}, STARTUP_MS)
afterAll(() => chain?.stop())

const now = (): number => Date.parse('2024-06-02T00:00:00Z')
const verifiers = (): Verifiers => ethereumVerifiers({ rpc: { [ANVIL_CHAIN]: chain.url } })
const accepts = async (cacao: unknown, by: Verifiers = verifiers()): Promise<void> => {
  expect(await verifyCacao(cacao, { verifiers: by, now })).toEqual(cacao)
}
const refuses = async (cacao: unknown, by: Verifiers = verifiers()): Promise<void> => {
  await expectCode('ERR_CAPABILITY_SIGNATURE', () => verifyCacao(cacao, { verifiers: by, now }))
}
/** A capability of an account that the factory would deploy. */
const counterfactual = async (
  number: number,
  wrap: SmartAccounts['wrap'] = chain.wrap,
): ReturnType<typeof signedBy> =>
  signedBy(accountOn(await chain.addressOf(salt(number))), async (message) =>
    wrap(await OWNER.signMessage({ message }), salt(number)),
  )

describe('a contract account', () => {
  it('accepts its owner’s signature, until it has another owner', async () => {
    const address = await chain.put()
    const cacao = await signedBy(accountOn(address))
    await accepts(cacao)
    await chain.setOwner(address, OTHER.address)
    await refuses(cacao)
    await accepts(await signedBy(accountOn(address), (message) => OTHER.signMessage({ message })))
  })

  it('refuses the signature of anyone else, or of another text', async () => {
    const address = await chain.put()
    await refuses(await signedBy(accountOn(address), (message) => OTHER.signMessage({ message })))
    await refuses(await signedBy(accountOn(address), () => OWNER.signMessage({ message: 'another text' })))
  })

  it('accepts its owner’s signature for itself only, not for other accounts or the owner’s key', async () => {
    const [one, another] = [await chain.put(), await chain.put()]
    const { h, p, s } = await signedBy(accountOn(one))
    await refuses({ h, p: { ...p, iss: `did:pkh:${accountOn(another)}` }, s })
    await refuses({ h, p, s: { ...s, t: 'eip191' } })
  })

  it('accepts every spelling of its address and text that older software used', async () => {
    const address = await chain.put()
    const iss = `did:pkh:eip155:${ANVIL_CHAIN}:${address}`
    for (const written of [address, address.toLowerCase()]) {
      const p = payload({ iss: iss.replace(address, written), statement: undefined })
      const text = renderEthereumMessage(p, { layout: 'did-session', address: written })
      const s = { t: 'eip1271', s: await OWNER.signMessage({ message: text }) }
      await verifyCacao({ h: { t: 'eip4361' }, p, s }, { verifiers: verifiers(), now })
    }
  })

  it('without code on this chain accepts nothing', async () => {
    await refuses(await signedBy(accountOn(OTHER.address)))
    await refuses(await signedBy(accountOn(OWNER.address)))
  })
})

describe('an account that is not deployed yet', () => {
  it('is verified before and after deployment, wrapped or not, until its owner changes', async () => {
    const cacao = await counterfactual(1)
    const address = await chain.addressOf(salt(1))
    await accepts(cacao)
    expect(await chain.client.getCode({ address })).toBeUndefined()
    const bare = await signedBy(accountOn(address))
    await refuses(bare)
    await chain.deploy(salt(1))
    await accepts(cacao)
    await accepts(bare)
    await chain.setOwner(address, OTHER.address)
    await refuses(cacao)
    await refuses(bare)
  })

  it('can not be another one that the signature’s factory deploys', async () => {
    const { h, p } = await counterfactual(2)
    await refuses({ h, p, s: (await counterfactual(3)).s })
    await refuses(await counterfactual(4, (signature) => chain.wrap(signature, salt(5))))
    await refuses(
      await signedBy(accountOn(await chain.addressOf(salt(2))), async (message) =>
        chain.wrap(await OTHER.signMessage({ message }), salt(2)),
      ),
    )
  })

  it.each(['deployAndRevert', 'deployAndBurn'] as const)(
    'is refused if its factory fails: %s',
    async (by) => {
      await refuses(await counterfactual(6, (signature, of) => chain.wrap(signature, of, by)))
    },
  )

  it('is accepted whatever its factory returns', async () => {
    await accepts(await counterfactual(7, (signature, of) => chain.wrap(signature, of, 'deployAndBabble')))
  })

  it.each(['', '00', '6492'])(
    'is verified only if its wrapped signature has no excess bytes: %j',
    async (more) => {
      const { h, p, s } = await counterfactual(8)
      const text = String(s.s)
      const unframed = text.slice(0, -64) + more + text.slice(-64)
      if (more === '') await accepts({ h, p, s: { ...s, s: unframed } })
      else await refuses({ h, p, s: { ...s, s: unframed } })
    },
  )
})

describe('isValidSignature', () => {
  const MAGIC = '1626ba7e'
  const answers: readonly [string, string, boolean][] = [
    ['the magic value and zeros', MAGIC.padEnd(64, '0'), false],
    ['the magic value alone', MAGIC, false],
    ['the magic value and something', `${MAGIC.padEnd(63, '0')}1`, false],
    ['the magic value and another word', MAGIC.padEnd(128, '0'), false],
    ['the magic value at the end', MAGIC.padStart(64, '0'), false],
    ['one', '1'.padStart(64, '0'), false],
    ['nothing', '', false],
    ['the magic value, and reverts', MAGIC.padEnd(64, '0'), true],
  ]
  it.each(answers)(
    'that returns %s counts only if that is the exact magic value',
    async (what, answer, reverts) => {
      const cacao = await signedBy(accountOn(await chain.put('Parrot', [`0x${answer}`, reverts])))
      if (what === 'the magic value and zeros') await accepts(cacao)
      else await refuses(cacao)
    },
  )
})

describe('the chain of the capability', () => {
  it('is the only one that counts, even if the account has the same address elsewhere', async () => {
    const address = await chain.addressOf(SALT)
    const elsewhere = await signedBy(accountOn(address, 1), async (message) =>
      chain.wrap(await OWNER.signMessage({ message }), SALT),
    )
    const check = (rpc: object | string): Promise<unknown> =>
      verifyCacao(elsewhere, { verifiers: ethereumVerifiers({ rpc: rpc as string }), now })
    await expectCode('ERR_CAPABILITY_UNSUPPORTED', () => check({ [ANVIL_CHAIN]: chain.url }))
    await expectCode('ERR_CAPABILITY_UNSUPPORTED', () => check(chain.url))
    await expectCode('ERR_RPC_UNAVAILABLE', () => check({ 1: chain.url }))
  })

  const ways: readonly [string, () => EthereumRPC][] = [
    ['the URL of an RPC', () => chain.url],
    ['a viem client', () => chain.client],
    ['an EIP-1193 provider', () => ({ request: (args) => chain.client.request(args as never) })],
    ['an ethers provider', () => new JsonRpcProvider(chain.url, ANVIL_CHAIN, { staticNetwork: true })],
  ]
  it.each(ways)('is called through %s', async (_, make) => {
    const [good, bad] = [await counterfactual(9), await counterfactual(9, (_s, of) => chain.wrap('0x11', of))]
    const rpc = make()
    for (const by of [
      rpc,
      { [ANVIL_CHAIN]: rpc },
      { 1: 'http://127.0.0.1:1', [`eip155:${ANVIL_CHAIN}`]: rpc },
    ]) {
      await accepts(good, ethereumVerifiers({ rpc: by }))
      await refuses(bad, ethereumVerifiers({ rpc: by }))
    }
  })
})

it('a delegated account (EIP-7702) signs with its key, and its code may verify too', async () => {
  await chain.delegateTo(await chain.put())
  const { address } = OWNER
  expect(await chain.client.getCode({ address })).toMatch(/^0xef0100/)
  const cacao = await ethereumAuth(KEY_A, accountOn(address), { domain: 'example.com' })({
    uri: AUDIENCE,
    resources: ['ceramic://*'],
  })
  expect(cacao.s.t).toBe('eip191')
  await verifyCacao(cacao, { verifiers: ethereumVerifiers() })
  await accepts(await signedBy(accountOn(address)))
  await refuses(await signedBy(accountOn(address), (message) => OTHER.signMessage({ message })))
})
