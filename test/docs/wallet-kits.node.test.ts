import { expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { guide } from './pages.js'
import { inline, PAGE } from './setup.js'

const SIGN = `
  const address = wallet.account.split(':')[2]
  const sign = (text) =>
    wallet.provider.request({ method: 'personal_sign', params: ['0x' + Buffer.from(text).toString('hex'), address] })
`

// With the kits themselves: test/packed/wallet-kits.test.ts.
it('the wallet kits guide’s RainbowKit adapter signs in when it is called like its dialog does', () => {
  const output = runFresh(`${PAGE}${SIGN}
    ${inline(guide('wallet-kits', 'rainbowkit'))}
    const nonce = await auth.adapter.getNonce()
    const message = await auth.adapter.createMessage({ nonce, address, chainId: 10 })
    console.log(await auth.adapter.verify({ message, signature: await sign(message) }))
    auth.setAccount('eip155:137:' + address)
    console.log(auth.getStatus(), auth.getSession().account, wallet.prompts)
    process.exit()`)
  expect(output.trim().split('\n')).toEqual(['true', `authenticated ${ACCOUNT_A.replace(':1:', ':10:')} 1`])
})

it('the wallet kits guide’s AppKit configuration signs in when it is called like its dialog does', () => {
  const output = runFresh(`${PAGE}${SIGN}
    ${inline(guide('wallet-kits', 'appkit'))}
    const data = await auth.siwx.createMessage({ accountAddress: address, chainId: 'eip155:1' })
    const message = data.toString()
    await auth.siwx.addSession({ data, message, signature: await sign(message) })
    const sessions = await auth.siwx.getSessions('eip155:137', address)
    console.log(auth.getStatus(), auth.getSession().account, sessions.length, wallet.prompts)
    process.exit()`)
  expect(output.trim()).toBe(`authenticated ${ACCOUNT_A} 1 1`)
})
