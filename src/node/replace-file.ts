import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from './sync-folder.js'

/**
 * Puts a new content in the file's place, of mode 0600: readers and crashes see the old one or the new one, whole. It is
 * on the disk when this resolves. `draft`, a path in the same folder that nobody else uses, holds it meanwhile;
 * `beforeRename` may still reject.
 */
export async function replaceFile(
  path: string,
  draft: string,
  content: string,
  beforeRename: () => Promise<void>,
): Promise<void> {
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(content)
      // Without this a power failure could leave the new name with nothing in it.
      await file.sync()
    } finally {
      await file.close()
    }
    await beforeRename()
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}
