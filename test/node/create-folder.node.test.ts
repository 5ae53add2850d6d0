import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createFolder } from '../../src/node/own-file.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'

/** `createFolder` on a system whose `mkdir` always fails with this code. */
async function createFolderWhere(code: string): Promise<typeof createFolder> {
  vi.doMock('node:fs/promises', async (original) => ({
    ...(await original<object>()),
    mkdir: () => Promise.reject(Object.assign(new Error(code), { code })),
  }))
  // Other tests of this process may have loaded the module, with the real `mkdir`.
  vi.resetModules()
  onTestFinished(() => {
    vi.doUnmock('node:fs/promises')
    vi.resetModules()
  })
  return (await import('../../src/node/own-file.js')).createFolder
}

// As Windows says for the root of a drive (EPERM), and macOS for / (EISDIR).
it.each(['EEXIST', 'EPERM', 'EISDIR', 'EROFS'])(
  'takes a folder that exists, where mkdir says %s',
  async (code) => {
    const create = await createFolderWhere(code)
    expect(await create(await temporaryFolder())).toBeUndefined()
  },
)

it.each(['EPERM', 'EACCES', 'EROFS'])('throws what mkdir throws (%s) if there is no folder', async (code) => {
  const create = await createFolderWhere(code)
  await expect(create(join(await temporaryFolder(), 'missing'))).rejects.toMatchObject({ code })
})

it('throws if a file has the name of the folder', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'there'))
  await writeFile(join(folder, 'file'), '')
  expect(await createFolder(join(folder, 'there'))).toBeUndefined()
  await expect(createFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
})
