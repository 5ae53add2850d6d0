import { mkdir, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { SerialQueue } from '../base/concurrency.js'
import { SessionError } from '../base/errors.js'
import type { SessionStore } from '../store/store.js'
import {
  fromJSON,
  fromPlain,
  isNone,
  type KeptSessions,
  NONE,
  seedStore,
  toJSON,
  toPlain,
} from '../store/stored-text.js'
import { assertOwnFolder, readOwnFile, replaceFile, syncFolder } from './own-file.js'
import { clearAfterDead, underLock } from './process-lock.js'

// What the file says of itself. Files of later versions may say something else, and are left alone.
const FORMAT = 'cacao-session 1'

const stores = new Map<string, SessionStore>()

/**
 * Keeps sessions in one file of mode 0600, for one or several processes on one machine; a folder that is absent is made
 * with mode 0700. The file is replaced as a whole: whenever a process dies, it holds all that `write` has resolved for. It
 * holds the sessions' keys: whoever can read it can act until they expire. Beside it, while it is written, lie a lock
 * (`.lock`) and a draft, which the next writer clears away should a process die. Rejects with `ERR_STORE_UNAVAILABLE` if
 * the file can't be read or written, or another process holds the lock for 10 seconds; if others may write to it or replace it (the
 * message has the `chmod`), or it is a symbolic link; with `ERR_STORE_CORRUPT` if
 * something else is in the file, which is then never overwritten. An absent or empty file means signed out.
 *
 * @example
 * const store = fileStore('/var/lib/backup/session.json')
 * const session = await DIDSession.get(account, auth, { resources, store })
 */
export function fileStore(path: string): SessionStore {
  if (typeof path !== 'string' || path === '') throw new TypeError('path must be the path of a file')
  const absolute = resolve(path)
  const store = stores.get(absolute) ?? newFileStore(absolute)
  stores.set(absolute, store)
  return store
}

type Namespaces = Map<string, KeptSessions>

function newFileStore(path: string): SessionStore {
  const queue = new SerialQueue()
  let isClean = false

  const update = async (namespace: string, change: (kept: KeptSessions) => KeptSessions): Promise<void> => {
    const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    if (made) await syncFolder(dirname(made))
    const folder = await realpath(dirname(path))
    await assertOwnFolder(folder)
    // Whoever names the folder by a link means what it leads to, and waits for the same lock.
    const file = join(folder, basename(path))
    const lock = `${file}.lock`
    if (!isClean) await clearAfterDead(lock)
    isClean = true
    await underLock(lock, async ({ draft, check }) => {
      const namespaces = await readNamespaces(file)
      const kept = change(namespaces.get(namespace) ?? NONE)
      if (isNone(kept)) namespaces.delete(namespace)
      else namespaces.set(namespace, kept)
      await replaceFile(file, draft, textOf(namespaces), check)
    })
  }

  return seedStore({
    persistence: 'file',
    load: async (namespace) => (await said(path, readNamespaces(path))).get(namespace) ?? NONE,
    update: (namespace, change) =>
      said(
        path,
        queue.run(() => update(namespace, change)),
      ),
  })
}

/** Needs no lock: what is open is never written to. */
async function readNamespaces(path: string): Promise<Namespaces> {
  const folder = await orAbsent(realpath(dirname(path)))
  if (folder !== undefined) await assertOwnFolder(folder)
  const text = await orAbsent(readOwnFile(path))
  if (!text) return new Map()
  const { format, namespaces } = fromJSON(text, ['format', 'namespaces']) ?? {}
  const isObject = typeof namespaces === 'object' && namespaces !== null && !Array.isArray(namespaces)
  if (format !== FORMAT || !isObject) throw corrupt(path)
  return new Map(
    Object.entries(namespaces).map(([name, value]) => {
      const kept = fromPlain(value)
      if (!kept) throw corrupt(path)
      return [name, kept]
    }),
  )
}

function corrupt(path: string): SessionError {
  return new SessionError(
    'ERR_STORE_CORRUPT',
    `${path} holds something other than sessions: move it away, or choose another path`,
  )
}

function textOf(namespaces: Namespaces): string {
  const plain = Object.fromEntries([...namespaces].map(([name, kept]) => [name, toPlain(kept)]))
  return `${toJSON({ format: FORMAT, namespaces: plain })}\n`
}

async function orAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
}

async function said<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    if (cause instanceof SessionError) throw cause
    throw new SessionError('ERR_STORE_UNAVAILABLE', `the sessions in ${path} can't be read or written`, {
      cause,
    })
  })
}
