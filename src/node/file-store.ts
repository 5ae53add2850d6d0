import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { SerialQueue } from '../base/concurrency.js'
import { SessionError } from '../base/errors.js'
import type { SessionStore } from '../store/store.js'
import {
  fromJSON,
  fromPlain,
  isEmpty,
  NO_SESSIONS,
  type StoredSessions,
  seedStore,
  toJSON,
  toPlain,
} from '../store/stored-text.js'
import {
  assertOwnFolder,
  createFolder,
  fileError,
  readOwnFile,
  replaceFile,
  syncFolder,
  undefinedIfMissing,
} from './own-file.js'
import { removeFilesOfDeadProcesses, withLock } from './process-lock.js'

// The version of the format. A file with a different version is never changed.
const FORMAT = 'cacao-session 1'

const stores = new Map<string, SessionStore>()

/**
 * Stores sessions in one file of mode 0600, for one or several processes on one machine. Missing folders are created with mode
 * 0700. The file contains the sessions' keys: anyone who can read it can act until the sessions expire. If the file is missing or
 * empty, nobody is signed in.
 *
 * The file is always replaced as a whole. Therefore it contains everything for which `write` has resolved, even if a process dies at
 * any moment. While the file is being written, its folder also contains a lock (`.lock`) and a temporary file. If a process dies, the
 * next process that writes removes them.
 *
 * The methods reject with `ERR_STORE_UNAVAILABLE` if the file can't be read or written, or is a symbolic link, if other users can
 * write to it or replace it (the message says which command to run), and if other processes hold the lock for 10 seconds; and
 * with `ERR_STORE_CORRUPT` if the file contains anything but sessions: it is then never overwritten. Throws a `TypeError` for an
 * empty path.
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

type Namespaces = Map<string, StoredSessions>

function newFileStore(path: string): SessionStore {
  const queue = new SerialQueue()
  let isClean = false

  const update = async (
    namespace: string,
    change: (stored: StoredSessions) => StoredSessions,
  ): Promise<void> => {
    const firstCreated = await createFolder(dirname(path))
    if (firstCreated) await syncFolder(dirname(firstCreated))
    const folder = await realpath(dirname(path))
    await assertOwnFolder(folder)
    // The real path, so that processes which use different links to the folder wait for the same lock.
    const file = join(folder, basename(path))
    const lock = `${file}.lock`
    if (!isClean) await removeFilesOfDeadProcesses(lock)
    isClean = true
    await withLock(lock, async ({ draft, check }) => {
      const namespaces = await readNamespaces(file)
      const stored = change(namespaces.get(namespace) ?? NO_SESSIONS)
      if (isEmpty(stored)) namespaces.delete(namespace)
      else namespaces.set(namespace, stored)
      await replaceFile(file, draft, textOf(namespaces), check)
    })
  }

  return seedStore({
    persistence: 'file',
    load: async (namespace) => (await withPath(path, readNamespaces(path))).get(namespace) ?? NO_SESSIONS,
    update: (namespace, change) =>
      withPath(
        path,
        queue.run(() => update(namespace, change)),
      ),
  })
}

/** Reads the file without the lock: its content never changes while it is read, because it is only replaced as a whole. */
async function readNamespaces(path: string): Promise<Namespaces> {
  const folder = await undefinedIfMissing(realpath(dirname(path)))
  if (folder !== undefined) await assertOwnFolder(folder)
  const text = await undefinedIfMissing(readOwnFile(path))
  if (!text) return new Map()
  const { format, namespaces } = fromJSON(text, ['format', 'namespaces']) ?? {}
  const isObject = typeof namespaces === 'object' && namespaces !== null && !Array.isArray(namespaces)
  if (format !== FORMAT || !isObject) throw corrupt(path)
  return new Map(
    Object.entries(namespaces).map(([name, value]) => {
      const stored = fromPlain(value)
      if (!stored) throw corrupt(path)
      return [name, stored]
    }),
  )
}

function corrupt(path: string): SessionError {
  return new SessionError(
    'ERR_STORE_CORRUPT',
    `${path} contains something that is not sessions: move it away, or use a different path`,
  )
}

function textOf(namespaces: Namespaces): string {
  const plain = Object.fromEntries([...namespaces].map(([name, stored]) => [name, toPlain(stored)]))
  return `${toJSON({ format: FORMAT, namespaces: plain })}\n`
}

/** Settles as the work does, but rejects with an `ERR_STORE_UNAVAILABLE` that names the file. */
async function withPath<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    if (cause instanceof SessionError) throw cause
    throw fileError(`the sessions in ${path}`, cause)
  })
}
