import { execFileSync } from 'node:child_process'
import { chmod, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fileStore } from '../../src/node/file-store.js'
import { DIDSession } from '../../src/session/did-session.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const isRoot = process.getuid?.() === 0

/** Expects that each method rejects because the store can't be used, before any wallet opens. */
async function expectUnavailable(path: string): Promise<void> {
  const store = fileStore(path)
  const wallet = testWallet()
  const auth = ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })
  for (const work of [
    () => DIDSession.load(undefined, { store }),
    () => DIDSession.list({ store }),
    () => DIDSession.get(ACCOUNT_A, auth, { resources, store }),
    () => store.write('default', { last: { at: 1 } }),
  ]) {
    const { cause, message } = await expectCode('ERR_STORE_UNAVAILABLE', work)
    expect(cause).toBeInstanceOf(Error)
    expect(message).toContain(path)
  }
  expect(await DIDSession.explain(ACCOUNT_A, resources, { store })).toEqual({ status: 'store-unavailable' })
  expect(wallet.prompts).toBe(0)
}

it.each<[what: string, make: (folder: string) => Promise<string>]>([
  ['a folder', async (folder) => folder],
  [
    'in a folder that is a file',
    async (folder) => {
      await writeFile(join(folder, 'file'), '')
      return join(folder, 'file', 'session.json')
    },
  ],
  ['a name that is too long', async (folder) => join(folder, 'x'.repeat(300))],
  ['a device', async () => '/dev/null'],
  [
    'a pipe, which would never answer',
    async (folder) => {
      execFileSync('mkfifo', [join(folder, 'pipe')])
      return join(folder, 'pipe')
    },
  ],
])('rejects if the path is %s', async (_, make) => {
  const folder = await temporaryFolder()
  await expectUnavailable(await make(folder))
})

// Root can read every file.
it.skipIf(isRoot)('rejects if the folder can not be read', async () => {
  const folder = join(await temporaryFolder(), 'locked')
  await mkdir(folder, { mode: 0o000 })
  await expectUnavailable(join(folder, 'session.json'))
  await chmod(folder, 0o700)
  await fileStore(join(folder, 'session.json')).write('default', { last: { at: 1 } })
})

it('works again once the path is usable', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'place', 'session.json')
  await writeFile(join(folder, 'place'), '')
  await expectUnavailable(path)
  await rm(join(folder, 'place'))
  const store = fileStore(path)
  await store.write('default', { last: { at: 7 } })
  expect(await store.readLast('default')).toEqual({ at: 7 })
})

it('in a folder behind symbolic links is the same file', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'real'))
  await symlink('real', join(folder, 'alias'))
  await fileStore(join(folder, 'alias', 'session.json')).write('default', { last: { at: 1 } })
  expect(await fileStore(join(folder, 'real', 'session.json')).readLast('default')).toEqual({ at: 1 })
  expect((await stat(join(folder, 'real', 'session.json'))).mode & 0o777).toBe(0o600)
})
