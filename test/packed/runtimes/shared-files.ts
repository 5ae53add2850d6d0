import { readdir, readFile } from 'node:fs/promises'
import type { SharedFiles } from '../../conformance/library.js'

const folders = ['fixtures/did-session-4', 'vectors/did-key']

/** The files of shared/ that the suite has cases for, if they are beside the repository. */
export async function sharedFiles(): Promise<SharedFiles> {
  const files: Record<string, unknown> = {}
  for (const folder of folders) {
    const url = new URL(`../../../../shared/${folder}/`, import.meta.url)
    for (const name of await readdir(url).catch(() => []))
      if (name.endsWith('.json'))
        files[`${folder}/${name}`] = JSON.parse(await readFile(new URL(name, url), 'utf8'))
  }
  return files
}
