import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** The package's own folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The folder of the library that we are compared with, with dependencies of its own. */
export const DID_SESSION = fileURLToPath(new URL('did-session', import.meta.url))

/** The folder of what else we are compared with. */
export const PEERS = fileURLToPath(new URL('peers', import.meta.url))

/** Whether that library is installed. */
export function isDIDSessionInstalled() {
  return areInstalled(DID_SESSION)
}

/** Whether a folder has the dependencies that it names. */
export function areInstalled(folder) {
  return existsSync(`${folder}/node_modules`)
}

/** The entries of the package and their files, apart from package.json. Ends the process if they aren't built. */
export async function builtEntries() {
  const { exports, peerDependencies } = JSON.parse(await readFile(`${ROOT}/package.json`, 'utf8'))
  const entries = Object.entries(exports).flatMap(([name, target]) =>
    typeof target === 'object' ? [{ name, file: target.default }] : [],
  )
  const missing = entries.find(({ file }) => !existsSync(`${ROOT}/${file}`))
  if (missing) {
    console.error(`${missing.file} is missing: run npm run build first`)
    process.exit(1)
  }
  return { entries, peers: Object.keys(peerDependencies) }
}
