import { describe, expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, ADDRESS_A } from '../setup/wallet.js'
import { guide } from './pages.js'
import { inline, SIGNING_IN } from './setup.js'

describe('the guide to wallets', () => {
  it('has verifiers for every kind of account, and a key for a device', () => {
    const output = runFresh(
      `
      import { DIDSession } from 'cacao-session'
      ${inline(guide('wallets', 'verifiers'))}
      ${inline(guide('wallets', 'key'))}
      const session = await DIDSession.authorize(auth, { resources: ['a:b'], verifiers })
      console.log(session.id === account, Object.keys(verifiers).sort().join())`,
      { DEVICE_KEY: '07'.repeat(32), ETHEREUM_RPC: 'https://rpc.example.com' },
    )
    expect(output.trim()).toBe(
      'true eip1271,eip191,key:ed25519,key:p256,key:secp256k1,solana:ed25519,webauthn:p256',
    )
  })

  it('discovers wallets, signs in with one, and notices another account', () => {
    const output = runFresh(`${SIGNING_IN}
      wallet.announce()
      ${inline(guide('wallets', 'ethereum'))}
      ${inline(guide('wallets', 'watch')).replace(/^import .*DIDSession.*$/m, '')}
      console.log(wallets.map(({ name }) => name).join())
      const session = await signIn(wallets[0])
      console.log(session.id, wallet.prompts)
      const shown = []
      const alive = setInterval(() => undefined, 1000)
      await new Promise((resolve) => {
        let isBack = false
        const stop = watch(wallet.provider, session, (held) => {
          shown.push(held?.id)
          if (held) return resolve(stop())
          if (!isBack) wallet.switchAccount('0x' + '11'.repeat(32))
          isBack = true
        })
        wallet.switchAccount()
      })
      clearInterval(alive)
      console.log(shown.join(' '))
      process.exit()`)
    const [names, signedIn, shown] = output.trim().split('\n')
    expect([names, signedIn]).toEqual(['Test wallet', `did:pkh:${ACCOUNT_A} 1`])
    // No session is used while the wallet shows an account without one; then the first account is back.
    expect(shown?.trim()).toBe(`did:pkh:${ACCOUNT_A}`)
  })
})

describe('the guide to migrating from did-session', () => {
  it('signs in through the drop-in with a didtools auth method, and through the library itself', () => {
    const output = runFresh(`${SIGNING_IN}
      const { signIn } = await (async () => {
        ${inline(guide('from-did-session', 'drop-in'))
          .replace(
            /^import .*DIDSession.*$/m,
            "const { DIDSession } = await import('cacao-session/did-session')",
          )
          .replace(
            /^import .*pkh-ethereum.*$/m,
            "const { EthereumWebAuth, getAccountId } = await import('@didtools/pkh-ethereum')",
          )
          .replace(/^import .*window.*$/m, '')}
        return { signIn }
      })()
      globalThis.window.location = globalThis.location
      const jws = await signIn('${ADDRESS_A}', given)
      console.log(wallet.prompts, jws.signatures.length)
      const itself = await (async () => {
        ${inline(guide('from-did-session', 'to-did')).replace(/^import .*$/gm, '')}
        return signIn
      })()
      import { DIDSession } from 'cacao-session'
      import { toDID } from 'cacao-session/dids'
      import { ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
      import { ethereumVerifiers } from 'cacao-session/ethereum'
      import { verifyJWS } from 'cacao-session/verify'
      const other = await itself(given)
      const { cacao } = await DIDSession.load('eip155:1:${ADDRESS_A}')
      for (const one of [jws, other]) console.log((await verifyJWS(one, { capability: cacao, verifiers: ethereumVerifiers() })).issuer)
      console.log(wallet.prompts)
      process.exit()`)
    // Both are the same session.
    expect(output.trim().split('\n')).toEqual(['1 1', `did:pkh:${ACCOUNT_A}`, `did:pkh:${ACCOUNT_A}`, '1'])
  })
})
