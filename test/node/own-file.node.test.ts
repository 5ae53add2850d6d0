import { chmod, chown, link, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { fileRevocation } from '../../src/node/file-revocation.js'
import { fileStore } from '../../src/node/file-store.js'
import { DIDSession } from '../../src/session/did-session.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { signed } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'

const isRoot = process.getuid?.() === 0
const hasModes = process.platform !== 'win32'
const NOBODY = 65_534

it.runIf(process.platform === 'linux')('rejects where no folder can be created, as in /proc', async () => {
  for (const path of ['/proc/self/sessions', '/proc/self/folder/of/sessions']) {
    const error = await expectCode('ERR_STORE_UNAVAILABLE', () =>
      fileStore(path).write('default', { last: { at: 1 } }),
    )
    expect(error.message).toContain(path)
  }
})

it('creates missing folders at several levels, also for several writers at once', async () => {
  const folder = await temporaryFolder()
  const paths = ['a/b/c/one', 'a/b/c/two', 'a/b/three', 'a/d/four'].map((path) => join(folder, path))
  const stores = paths.map((path) => fileStore(path))
  await Promise.all(stores.map((store, at) => store.write('default', { last: { at } })))
  expect(await Promise.all(stores.map((store) => store.readLast('default')))).toEqual(
    [0, 1, 2, 3].map((at) => ({ at })),
  )
})

/** Both kinds of files: their methods, and their content after the first use. */
const kinds = [
  {
    kind: 'fileStore',
    use: (path: string) => fileStore(path).write('default', { last: { at: 1 } }),
    ask: (path: string): (() => unknown)[] => [
      () => fileStore(path).readLast('default'),
      () => fileStore(path).write('default', { last: { at: 2 } }),
      () => DIDSession.list({ store: fileStore(path) }),
    ],
  },
  {
    kind: 'fileRevocation',
    use: async (path: string) => fileRevocation(path).revoke(signed()),
    ask: (path: string): (() => unknown)[] => [
      () => fileRevocation(path).isRevoked(signed()),
      () => fileRevocation(path).revoke(signed()),
      () => fileRevocation(path).revokeAll('eip155:1:0x0000000000000000000000000000000000000001'),
    ],
  },
]

describe.each(kinds)('$kind', ({ kind, use, ask }) => {
  const place = async (): Promise<string> => {
    const folder = join(await temporaryFolder(), 'place')
    await mkdir(folder, { mode: 0o700 })
    return join(folder, 'file')
  }
  const refuses = async (path: string, words: string): Promise<void> => {
    const before = await readdir(dirname(path))
    for (const question of ask(path)) {
      const { message } = await expectCode('ERR_STORE_UNAVAILABLE', question)
      expect(message).toContain(words)
      expect(message).toContain(path.startsWith(words) ? words : dirname(path))
    }
    expect(await readdir(dirname(path))).toEqual(before)
  }
  const accepts = async (path: string): Promise<void> => {
    for (const question of ask(path)) await question()
  }

  it.skipIf(!hasModes).each([0o602, 0o620, 0o666, 0o622])(
    'refuses a file of mode %o, and the error names the chmod command',
    async (mode) => {
      const path = await place()
      await use(path)
      await chmod(path, mode)
      await refuses(path, `chmod go-w '${path}'`)
      await chmod(path, 0o644)
      await accepts(path)
    },
  )

  it.skipIf(!hasModes).each([0o777, 0o770, 0o702])(
    'refuses a folder of mode %o, in which others can replace the file',
    async (mode) => {
      const path = await place()
      await use(path)
      await chmod(dirname(path), mode)
      await refuses(path, `chmod go-w '${dirname(path)}'`)
      await chmod(dirname(path), 0o755)
      await accepts(path)
    },
  )

  it.skipIf(!hasModes)('refuses such a folder before there is a file', async () => {
    const path = await place()
    await chmod(dirname(path), 0o777)
    await refuses(path, 'chmod go-w')
    expect(await readdir(dirname(path))).toEqual([])
  })

  it.skipIf(!hasModes)(
    'accepts a sticky folder like /tmp, where users can replace only their own files',
    async () => {
      const path = await place()
      await chmod(dirname(path), 0o1777)
      await use(path)
      await accepts(path)
    },
  )

  // Only root can change the owner of a file.
  it.skipIf(!isRoot)('refuses a file of another user, even if nobody else can write to it', async () => {
    const path = await place()
    await use(path)
    await chown(path, NOBODY, NOBODY)
    await refuses(path, `chown 0 '${path}'`)
    await chown(path, 0, NOBODY)
    await accepts(path)
  })

  it.skipIf(!isRoot)('refuses a folder of another user', async () => {
    const path = await place()
    await use(path)
    for (const mode of [0o700, 0o1777]) {
      await chmod(dirname(path), mode)
      await chown(dirname(path), NOBODY, NOBODY)
      await refuses(path, `chown 0 '${dirname(path)}'`)
      await chown(dirname(path), 0, 0)
    }
    await accepts(path)
  })

  it.skipIf(!isRoot)('accepts files of root for another user', async () => {
    const path = await place()
    await use(path)
    const user = vi.spyOn(process as Required<NodeJS.Process>, 'geteuid').mockReturnValue(NOBODY)
    onTestFinished(() => user.mockRestore())
    await accepts(path)
  })

  it.skipIf(!hasModes).each([
    ['a file', async (target: string) => use(target)],
    ['nothing', async () => undefined],
  ])('refuses a symbolic link to %s', async (_, make) => {
    const path = await place()
    const target = join(dirname(path), 'target')
    await make(target)
    await symlink('target', path)
    await refuses(path, 'is a symbolic link')
    expect(await readFile(target, 'utf8').catch(() => undefined)).not.toBe('')
  })

  it.skipIf(!hasModes)('refuses a symbolic link to itself', async () => {
    const path = await place()
    await symlink('file', path)
    await refuses(path, 'is a symbolic link')
  })

  it('follows a symbolic link to a folder, and checks that folder', async () => {
    const path = await place()
    const alias = join(dirname(dirname(path)), 'alias')
    await symlink('place', alias)
    await use(join(alias, 'file'))
    expect(await readdir(dirname(path))).toEqual(['file'])
    await accepts(join(alias, 'file'))
    if (hasModes) await chmod(dirname(path), 0o777)
    if (hasModes) await expectCode('ERR_STORE_UNAVAILABLE', ask(join(alias, 'file'))[0] ?? (() => undefined))
  })

  it.skipIf(!hasModes)('quotes the path in the error’s command for a shell', async () => {
    const folder = join(await temporaryFolder(), "it's $(odd)")
    await mkdir(folder, { mode: 0o700 })
    const path = join(folder, 'file')
    await use(path)
    await chmod(path, 0o666)
    await refuses(path, `chmod go-w '${path.replace("'", "'\\''")}'`)
    expect(kind).not.toBe('')
  })
})

describe('fileRevocation with an open file', () => {
  it.skipIf(!hasModes)('refuses the file once others can write to it', async () => {
    const path = join(await temporaryFolder(), 'revoked.jsonl')
    const revocation = fileRevocation(path)
    await revocation.revoke(signed())
    await chmod(path, 0o666)
    await expectCode('ERR_STORE_UNAVAILABLE', () => revocation.isRevoked(signed()))
    await chmod(path, 0o600)
    expect(await revocation.isRevoked(signed())).toBe(true)
  })

  it.skipIf(!hasModes)('refuses a symbolic link that replaced the file', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'revoked.jsonl')
    const revocation = fileRevocation(path)
    await revocation.revoke(signed())
    await rename(path, join(folder, 'moved'))
    await symlink('moved', path)
    await expectCode('ERR_STORE_UNAVAILABLE', () => revocation.isRevoked(signed()))
  })

  it('accepts another hard link to the same file', async () => {
    const folder = await temporaryFolder()
    await fileRevocation(join(folder, 'one')).revoke(signed())
    await link(join(folder, 'one'), join(folder, 'other'))
    expect(await fileRevocation(join(folder, 'other')).isRevoked(signed())).toBe(true)
    await writeFile(join(folder, 'empty'), '')
    expect(await fileRevocation(join(folder, 'empty')).isRevoked(signed())).toBe(false)
  })
})
