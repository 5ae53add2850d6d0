import { open } from 'node:fs/promises'

/** So that a name made in the folder outlives a power failure too. Windows sees to that by itself, and opens no folders. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}
