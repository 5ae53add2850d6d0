import { App } from 'guide:react/app'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { testWallet } from '../../src/testing/index.js'
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
