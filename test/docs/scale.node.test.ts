import { describe, expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { KEY_A } from '../setup/wallet.js'
import { guide } from './pages.js'
import { inline } from './setup.js'

const STORES = `
  const counts = [0, 0, 0, 0]
  const stores = counts.map((_, i) => {
    const { use } = memoryReplay()
    return { use: (id, until) => { counts[i]++; return use(id, until) } }
  })
`

describe('the guide to more than one machine', () => {
  it('spreads requests over several stores, and accepts each once', () => {
    const output = runFresh(`
      import { DIDSession } from 'cacao-session'
      import { ethereumAuth } from 'cacao-session/ethereum'
      import { memoryReplay } from 'cacao-session/verify'
      ${inline(guide('scale', 'share'))}
      ${STORES}
      const verify = verifierOver(stores)
      const session = await DIDSession.authorize(ethereumAuth('${KEY_A}', undefined, { domain: 'app.example.com' }), { resources: ['https://api.example.com/*'] })
      const codes = []
      for (let i = 0; i < 60; i++) {
        const request = await session.signRequest(new Request('https://api.example.com/notes/1'))
        await verify(request)
        await verify(request).catch(({ code }) => codes.push(code))
      }
      console.log(codes.length, [...new Set(codes)].join(), counts.every((count) => count > 0))
    `)
    expect(output.trim()).toBe('60 ERR_REQUEST_REPLAYED true')
  })

  it('gives each store an equal share', () => {
    const output = runFresh(`
      import { memoryReplay } from 'cacao-session/verify'
      ${inline(guide('scale', 'share'))}
      ${STORES}
      const { use } = sharded(stores)
      for (let i = 0; i < 8000; i++) use('did:key:zDnaekGZTbQBerwcehBSXLqAg6s55hVEBms1zFy89VHXtJSa9 ' + crypto.randomUUID(), Date.now() + 60_000)
      console.log(counts.every((count) => count > 1600 && count < 2400))
    `)
    expect(output.trim()).toBe('true')
  })
})
