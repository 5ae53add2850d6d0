import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCOUNT_A, KEY_A } from '../../setup/wallet.js'
import { type ExampleFolder, exampleFolder } from '../example-folder.js'
import { npmRun } from '../npm-script.js'

describe('examples/node-file', () => {
  let folder: ExampleFolder
  beforeAll(async () => {
    folder = await exampleFolder('node-file')
  })
  afterAll(() => folder?.remove())

  it('signs in once, and resumes the session from its file the next time', async () => {
    const first = await npmRun(folder, 'start', { PRIVATE_KEY: KEY_A })
    expect(first).toEqual([
      'Signing in',
      expect.stringMatching(new RegExp(`^did:pkh:${ACCOUNT_A} by did:key:z6Mk`)),
      expect.stringMatching(/^until \d{4}-\d\d-\d\dT/),
    ])
    expect((await stat(join(folder.path, 'session.json'))).mode & 0o777).toBe(0o600)
    expect(await npmRun(folder, 'start', { PRIVATE_KEY: '' })).toEqual(first.slice(1))
  })

  it('names the missing key in its error', async () => {
    const env = { SESSION_FILE: 'another.json', PRIVATE_KEY: '' }
    await expect(npmRun(folder, 'start', env)).rejects.toThrow(/ended with 1\s.*PRIVATE_KEY/s)
  })
})
