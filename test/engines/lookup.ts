import { access, constants, readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

async function firstExecutable(candidates: Iterable<string>): Promise<string | undefined> {
  for (const path of candidates) if (await isExecutable(path)) return path
  return undefined
}

/** The path of the first of these commands in PATH, or in a usual folder that PATH may lack. */
export function findCommand(names: readonly string[]): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/snap/bin']
  return firstExecutable(names.flatMap((name) => folders.filter(Boolean).map((folder) => join(folder, name))))
}

/** MiniBrowser is not in PATH: distributions put it beside the library, in a folder named after its API version. */
export async function findMiniBrowser(): Promise<string | undefined> {
  const triplets = await readdir('/usr/lib').catch(() => [])
  const roots = ['/usr/libexec', '/usr/lib', ...triplets.map((name) => join('/usr/lib', name))]
  const versions = ['webkit2gtk-4.1', 'webkitgtk-6.0', 'webkit2gtk-4.0']
  return firstExecutable(
    versions.flatMap((version) => roots.map((root) => join(root, version, 'MiniBrowser'))),
  )
}
