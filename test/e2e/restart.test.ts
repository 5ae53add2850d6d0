import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEngines } from './engines.js'
import { runPage } from './run-page.js'
import { type PageServer, servePage } from './server.js'
import { temporaryFolder } from './temporary-folder.js'

let server: PageServer
beforeAll(async () => {
  server = await servePage('stored-key.ts')
})
afterAll(() => server.close())

describeEngines('a stored key', (engine) => {
  it('signs after the browser was closed and opened again', async () => {
    const profileDir = await temporaryFolder()
    expect(await runPage(engine, server, { profileDir, path: '/?step=store' })).toBe('stored')
    expect(await runPage(engine, server, { profileDir, path: '/?step=sign' })).toBe(
      'signed: true, extractable: false',
    )
  })

  it('is gone with its private window', async () => {
    const profileDir = await temporaryFolder()
    const run = (step: string): Promise<string> =>
      runPage(engine, server, { profileDir, private: true, path: `/?step=${step}` })
    expect(await run('store')).toBe('stored')
    expect(await run('sign')).toBe('no key')
  })
})
