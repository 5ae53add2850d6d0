import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BareFolder, bareFolder, folderWith } from './bare-folder.js'
import { run } from './command.js'

interface Installed {
  readonly packages: number
  /** The size of their contents. */
  readonly bytes: number
  /** The space that they take on the disk, in whole blocks. */
  readonly onDisk: number
}

/** The result of an install: the number of packages, including the requested one, and their size. */
async function installed({ path }: BareFolder): Promise<Installed> {
  const { stdout } = await run('npm', ['ls', '--all', '--parseable'], { cwd: path })
  const [, ...packages] = stdout.trim().split('\n')
  const modules = join(path, 'node_modules')
  const names = await readdir(modules, { recursive: true })
  const files = await Promise.all(names.map((name) => lstat(join(modules, name))))
  return {
    packages: packages.length,
    bytes: files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0),
    onDisk: files.reduce((sum, { blocks }) => sum + blocks * 512, 0),
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`
const words = ({ packages, bytes, onDisk }: Installed): string =>
  `${packages} packages, ${megabytes(bytes)}, ${megabytes(onDisk)} on disk`

describe('npm install cacao-session', () => {
  let folders: BareFolder[]
  let ours: Installed
  let theirs: Installed
  beforeAll(async () => {
    folders = [await bareFolder(), await folderWith('did-session@4.0.0')]
    ;[ours, theirs] = (await Promise.all(folders.map(installed))) as [Installed, Installed]
    console.log(`installed: cacao-session ${words(ours)}; did-session 4.0.0 ${words(theirs)}`)
  })
  afterAll(() => Promise.all(folders.map((folder) => folder.remove())))

  it('installs at most 25 packages and 15 MB', () => {
    expect(ours.packages).toBeLessThanOrEqual(25)
    expect(ours.onDisk).toBeLessThanOrEqual(15_000_000)
  })

  it('installs less than did-session does', () => {
    expect(ours.packages).toBeLessThan(theirs.packages)
    expect(ours.onDisk).toBeLessThan(theirs.onDisk)
  })

  it('installs no optional peer', async () => {
    const brought = await readdir(join(folders[0]?.path ?? '', 'node_modules'))
    for (const peer of ['dids', 'did-jwt', 'hono', 'react', 'viem', 'redis', 'ioredis', 'express'])
      expect(brought).not.toContain(peer)
  })
})
