import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type Clock, systemClock } from '../base/clock.js'
import { SessionError } from '../base/errors.js'
import {
  type RevocationStore,
  revocationKeys,
  revokedAccount,
  revokedCapability,
} from '../http/revocation.js'
import { Revocations } from './revocations.js'

/**
 * Revocations in a file, for one or several processes on one machine: a line of JSON for each, appended and on the disk
 * before `revoke` resolves. The file is made with mode 0600 if it is absent, and only ever grows, by about 100 bytes a
 * revocation. Rejects with `ERR_STORE_UNAVAILABLE` if the file can't be read or written, or was removed meanwhile, and
 * with `ERR_STORE_CORRUPT` if something in it is no revocation.
 *
 * @example
 * const revocation = fileRevocation('/var/lib/notes/revoked.jsonl')
 */
export function fileRevocation(path: string, { now = systemClock }: { now?: Clock } = {}): RevocationStore {
  if (typeof path !== 'string' || path === '') throw new TypeError('path must be the path of a file')
  const known = new Revocations()
  let isMade = false
  let position = 0
  let queue: Promise<unknown> = Promise.resolve()

  /** Does the work with the open file, after whatever else is being done. */
  const use = async <T>(flags: number, work: (file: FileHandle) => Promise<T>): Promise<T> => {
    const turn = queue.then(async () => {
      // One that was there once and is gone has taken its revocations along: it must not be made anew.
      const file = await open(path, isMade ? flags : flags | constants.O_CREAT, 0o600)
      isMade = true
      try {
        return await work(file)
      } finally {
        await file.close()
      }
    })
    queue = turn.catch(() => undefined)
    return turn.catch((cause: unknown) => {
      if (cause instanceof SessionError) throw cause
      throw new SessionError('ERR_STORE_UNAVAILABLE', `the revocations in ${path} can't be read or written`, {
        cause,
      })
    })
  }
  const append = (record: object): Promise<void> =>
    use(constants.O_WRONLY | constants.O_APPEND, async (file) => {
      // The first line break ends what a process that died may have left unfinished.
      const line = Buffer.from(`\n${JSON.stringify(record)}\n`)
      const { bytesWritten } = await file.write(line)
      if (bytesWritten !== line.length) throw new Error('the disk is full')
      await file.datasync()
    })
  /** Takes in what was appended since, by whichever process. */
  const catchUp = (): Promise<void> =>
    use(constants.O_RDONLY, async (file) => {
      const { size } = await file.stat()
      if (size < position) {
        throw new SessionError('ERR_STORE_CORRUPT', `revocations are missing from ${path}: it became shorter`)
      }
      if (size === position) return
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(size - position),
        0,
        size - position,
        position,
      )
      // A line without its end may still be on its way.
      const end = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1
      for (const line of buffer.toString('utf8', 0, end).split('\n')) known.read(line, path)
      position += end
    })

  return {
    async revoke(capability) {
      const { id, until } = revokedCapability(capability)
      await append({ capability: id, ...(Number.isFinite(until) && { until }) })
    },
    revokeAll: async (account, before = new Date(now())) => append(revokedAccount(account, before)),
    async isRevoked(cacao) {
      await catchUp()
      return known.has(revocationKeys(cacao), now())
    },
  }
}
