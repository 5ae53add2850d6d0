import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { createFolder } from '../../src/node/own-file.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'

// As `mkdir` answers for the root of a drive of Windows (EPERM), or for / on macOS (EISDIR).
let code: string | undefined
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>()
  const failing: typeof actual.mkdir = ((...args: Parameters<typeof actual.mkdir>) =>
    code === undefined
      ? actual.mkdir(...args)
      : Promise.reject(Object.assign(new Error(code), { code }))) as typeof actual.mkdir
  return { ...actual, mkdir: failing }
})

beforeEach(() => {
  code = undefined
})

it.each(['EEXIST', 'EPERM', 'EISDIR', 'EROFS'])(
  'takes a folder that exists, where mkdir says %s',
  async (said) => {
    const folder = await temporaryFolder()
    code = said
    expect(await createFolder(folder)).toBeUndefined()
  },
)

it.each(['EPERM', 'EACCES', 'EROFS'])('throws what mkdir throws (%s) if there is no folder', async (said) => {
  const missing = join(await temporaryFolder(), 'missing')
  code = said
  await expect(createFolder(missing)).rejects.toMatchObject({ code: said })
})

it('throws if a file has the name of the folder', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'there'))
  await writeFile(join(folder, 'file'), '')
  expect(await createFolder(join(folder, 'there'))).toBeUndefined()
  await expect(createFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
})
