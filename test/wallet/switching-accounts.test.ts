import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, watchWallet } from '../../src/wallet/ethereum/index.js'
import { SEED } from '../setup/seed.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'

// Loaded beforehand, because two callers that wait for the same import don't continue in their order.
beforeAll(() => import('../../src/wallet/ethereum/account-watch.js'))

// An app that keeps a session for each of two accounts, while the person changes account and chain in the wallet.

const store = memoryStore()
const resources = ['https://api.example/notes/*']
const [ADDRESS_A = '', ADDRESS_B = ''] = [ACCOUNT_A, ACCOUNT_B].map((id) => id.slice('eip155:1:'.length))

/** The account and the chain that the wallet shows. */
interface Shown {
  readonly address: string | undefined
  readonly chain: number
}

const steps = fc
  .array(
    fc.record({
      address: fc.constantFrom(ADDRESS_A, ADDRESS_B, undefined),
      chain: fc.constantFrom(1, 137),
      order: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .filter((list) => list.every((step, i) => idOf(step) !== idOf(list[i - 1] ?? START)))
const START: Shown = { address: ADDRESS_A, chain: 1 }

function idOf({ address, chain }: Shown): string | undefined {
  return address && `eip155:${chain}:${address}`
}

it.each([true, false])(
  'an app uses the session of the wallet’s current account, or none (anyChain: %s)',
  async (anyChain) => {
    for (const [account, key] of [
      [ACCOUNT_A, KEY_A],
      [ACCOUNT_B, KEY_B],
    ] as const) {
      const auth = ethereumAuth(key, undefined, { domain: 'app.example' })
      await DIDSession.get(account, auth, { resources, store })
    }

    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const wallet = testWallet()
        const end = new AbortController()
        const { signal } = end
        let session = await DIDSession.load(ACCOUNT_A, { store })
        let switched = Promise.resolve()
        const load = async (account: string | undefined): Promise<void> => {
          session = undefined
          session = account ? await DIDSession.load(account, { store, anyChain }) : undefined
        }
        watchWallet(
          wallet.provider,
          ({ account }) => {
            switched = load(account)
            return switched
          },
          { account: ACCOUNT_A, anyChain, signal },
        )
        const actsFor = async (): Promise<string | undefined> => {
          const acting = session
          await acting?.signRequest(new Request('https://api.example/notes/1'))
          return acting?.id
        }
        // Subscribed after the app, so when it is called, the app's listener has been called too.
        let wake = (): void => undefined
        watchWallet(wallet.provider, () => wake(), { signal })

        for (const step of list) {
          const told = new Promise<void>((resolve) => {
            wake = resolve
          })
          const addresses = step.address ? [step.address] : []
          const chainId = `0x${step.chain.toString(16)}`
          wallet.shows = { addresses, chainId }
          const emissions = [
            () => wallet.emit('accountsChanged', addresses),
            () => wallet.emit('chainChanged', chainId),
          ]
          for (const emit of step.order ? emissions : emissions.reverse()) emit()
          await told
          const own =
            anyChain || step.chain === 1 ? step.address && `did:pkh:eip155:1:${step.address}` : undefined
          expect([own, undefined]).toContain(await actsFor())
          await switched
          expect(await actsFor()).toBe(own)
        }
        end.abort()
        expect(wallet.listeners).toBe(0)
      }),
      { seed: SEED, numRuns: 25 },
    )
  },
)
