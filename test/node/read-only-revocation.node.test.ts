import { constants } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { fileRevocation } from '../../src/node/file-revocation.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { signed } from '../setup/capability.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const [first, second] = [signed({ nonce: 'first12345' }), signed({ nonce: 'second1234' })]

/** `fileRevocation` on a system where opening a file for writing fails with this code, until `allow` is called. */
async function revocationWhere(
  code: string,
): Promise<{ readonly fileRevocation: typeof fileRevocation; allow(): void }> {
  let isRefused = true
  vi.doMock('node:fs', async (original) => {
    const fs = await original<typeof import('node:fs')>()
    const open = (path: string, flags: number, ...rest: unknown[]): void => {
      const done = rest.at(-1) as (error: Error) => void
      if (isRefused && flags & constants.O_RDWR) done(Object.assign(new Error(`${code}: no`), { code }))
      else (fs.open as (...args: unknown[]) => void)(path, flags, ...rest)
    }
    return { ...fs, open }
  })
  // Other tests of this process may have loaded the module, with the real `open`.
  vi.resetModules()
  onTestFinished(() => {
    vi.doUnmock('node:fs')
    vi.resetModules()
  })
  const module = await import('../../src/node/file-revocation.js')
  return {
    fileRevocation: module.fileRevocation,
    allow() {
      isRefused = false
    },
  }
}

const newPath = async (): Promise<string> => join(await temporaryFolder(), 'revoked.jsonl')

/** A file in which `first` is revoked, its writer, and a reader that may not write it until `allow` is called. */
async function readerWhere(code: string) {
  const path = await newPath()
  const writer = fileRevocation(path)
  await writer.revoke(first)
  const { allow, fileRevocation: readRevocation } = await revocationWhere(code)
  return { path, writer, reader: readRevocation(path), allow }
}

it.each(['EACCES', 'EROFS', 'EPERM'])('a process that may not write (%s) finds revocations', async (code) => {
  const { writer, reader } = await readerWhere(code)
  expect([await reader.isRevoked(first), await reader.isRevoked(second)]).toEqual([true, false])
  await writer.revoke(second)
  expect(await reader.isRevoked(second)).toBe(true)
})

it('it can not revoke, until it may write', async () => {
  const { reader, allow } = await readerWhere('EACCES')
  for (const revoke of [() => reader.revoke(second), () => reader.revokeAll(ACCOUNT_A)])
    await expect(revoke()).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      message: expect.stringMatching(/EACCES: no$/),
    })
  expect(await reader.isRevoked(second)).toBe(false)
  allow()
  await reader.revoke(second)
  expect(await reader.isRevoked(second)).toBe(true)
})

it('it does not write into a file that replaced the one that it reads', async () => {
  const { path, reader, allow } = await readerWhere('EACCES')
  expect(await reader.isRevoked(first)).toBe(true)
  const other = await newPath()
  await fileRevocation(other).revoke(second)
  await rename(other, path)
  allow()
  await expect(reader.revoke(first)).rejects.toMatchObject({
    message: expect.stringMatching(/replaced by a different file$/),
  })
  await expect(reader.isRevoked(first)).rejects.toMatchObject({
    message: expect.stringMatching(/replaced by a different file$/),
  })
  expect(await fileRevocation(path).isRevoked(first)).toBe(false)
})

it('it refuses everything if the file is missing or was replaced, or cannot be opened for another reason', async () => {
  const path = await newPath()
  const system = await revocationWhere('EROFS')
  const reader = system.fileRevocation(path)
  const unavailable = { code: 'ERR_STORE_UNAVAILABLE' }
  await expect(reader.isRevoked(first)).rejects.toMatchObject(unavailable)
  await fileRevocation(path).revoke(first)
  expect(await reader.isRevoked(first)).toBe(true)
  const other = await newPath()
  await fileRevocation(other).revoke(second)
  await rename(other, path)
  await expect(reader.isRevoked(first)).rejects.toMatchObject(unavailable)
  const full = await revocationWhere('EMFILE')
  await expect(full.fileRevocation(path).isRevoked(first)).rejects.toMatchObject(unavailable)
})
