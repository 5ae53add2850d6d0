import App from 'guide:react/app'
import { Notes } from 'guide:react/notes'
import { Hello } from 'guide:start/react'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { DIDSession } from '../../src/index.js'
import { testWallet } from '../../src/testing/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { mount } from '../react/mounted.js'
import { clearOrigin } from '../setup/origin.js'

beforeEach(clearOrigin)

it('the React guide’s app signs in, stays signed in on a later visit, and signs out', async () => {
  const wallet = testWallet()
  Object.assign(window, { ethereum: wallet.provider })
  onTestFinished(() => void Reflect.deleteProperty(window, 'ethereum'))

  const html = renderToString(createElement(App))
  expect(html).toContain('One moment')
  const page = mount(createElement(App), html)
  await page.shows('Sign in')
  wallet.behaviour = 'rejects'
  page.click('button')
  await page.shows('rejected in the wallet')

  wallet.behaviour = 'hangs'
  page.click('button')
  await page.shows('Look at your wallet')
  await wallet.prompted(2)
  wallet.behaviour = 'approves'
  await page.shows(`Sign out ${wallet.account}`)
  page.unmount()

  const again = mount(createElement(App))
  await again.shows(`Sign out ${wallet.account}`)
  expect(wallet.prompts).toBe(2)
  again.click('button')
  await again.shows('Sign in')
})

it("the React guide's notes show the server's answer, and the reason when there is none", async () => {
  const wallet = testWallet()
  await DIDSession.get(wallet.account, ethereumAuth(wallet.provider, wallet.account), {
    resources: ['https://api.example.com/notes/*'],
  })
  const fetch = vi.spyOn(window, 'fetch').mockResolvedValueOnce(new Response('', { status: 201 }))
  onTestFinished(() => fetch.mockRestore())
  const page = mount(createElement(Notes))
  await page.shows('Save')
  page.click('button')
  await page.shows('Save Saved')

  fetch.mockRejectedValue(new TypeError('there is no network'))
  page.click('button')
  await page.shows('there is no network')
})

it('the first example in React shows why a sign-in failed, and who is signed in', async () => {
  const wallet = testWallet({ behaviour: 'rejects' })
  Object.assign(window, { ethereum: wallet.provider })
  onTestFinished(() => void Reflect.deleteProperty(window, 'ethereum'))
  const page = mount(createElement(Hello))
  await page.shows('Sign in')
  page.click('button')
  await page.shows('rejected in the wallet')

  wallet.behaviour = 'approves'
  page.click('button')
  await page.shows(`Sign out ${wallet.account}`)
})
