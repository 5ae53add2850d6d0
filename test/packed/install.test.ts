import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BareFolder, bareFolder, folderWith } from './bare-folder.js'
import { run } from './command.js'

interface Installed {
  readonly packages: number
  readonly bytes: number
}

/** What an install has brought: packages, the one asked for among them, and bytes of their files. */
async function installed({ path }: BareFolder): Promise<Installed> {
  const { stdout } = await run('npm', ['ls', '--all', '--parseable'], { cwd: path })
  const [, ...packages] = stdout.trim().split('\n')
  return { packages: packages.length, bytes: await sizeOf(join(path, 'node_modules')) }
}

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = files.filter((file) => file.isFile()).map((file) => stat(join(file.parentPath, file.name)))
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0)
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

describe('npm install cacao-session', () => {
  let folders: BareFolder[]
  let ours: Installed
  let theirs: Installed
  beforeAll(async () => {
    folders = [await bareFolder(), await folderWith('did-session@4.0.0')]
    ;[ours, theirs] = (await Promise.all(folders.map(installed))) as [Installed, Installed]
    console.log(
      `cacao-session: ${ours.packages} packages, ${megabytes(ours.bytes)}; did-session 4.0.0: ${theirs.packages} packages, ${megabytes(theirs.bytes)}`,
    )
  })
  afterAll(() => Promise.all(folders.map((folder) => folder.remove())))

  it('brings at most 15 packages and 5 MB', () => {
    expect(ours.packages).toBeLessThanOrEqual(15)
    expect(ours.bytes).toBeLessThanOrEqual(5_000_000)
  })

  it('brings less than did-session does', () => {
    expect(ours.packages).toBeLessThan(theirs.packages)
    expect(ours.bytes).toBeLessThan(theirs.bytes)
  })

  it('brings no optional peer', async () => {
    const brought = await readdir(join(folders[0]?.path ?? '', 'node_modules'))
    for (const peer of ['dids', 'did-jwt', 'hono', 'react', 'viem', 'redis', 'ioredis', 'express'])
      expect(brought).not.toContain(peer)
  })
})
