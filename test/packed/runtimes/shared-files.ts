import { readdir, readFile } from 'node:fs/promises'
import type { SharedFiles } from '../../conformance/library.js'

const FOLDERS = {
  'fixtures/did-session-4': new URL('../../fixtures/did-session-4/', import.meta.url),
  // Beside the repository, and perhaps absent.
  'vectors/did-key': new URL('../../../../shared/vectors/did-key/', import.meta.url),
}

/** The fixtures and vectors that the cases need, as far as they exist. */
export async function sharedFiles(): Promise<SharedFiles> {
  const files: Record<string, unknown> = {}
  for (const [folder, url] of Object.entries(FOLDERS)) {
    for (const name of await readdir(url).catch(() => []))
      if (name.endsWith('.json'))
        files[`${folder}/${name}`] = JSON.parse(await readFile(new URL(name, url), 'utf8'))
  }
  return files
}
