import { type Clock, systemClock } from '../base/clock.js'
import { SessionError } from '../base/errors.js'
import {
  type RevocationStore,
  revocationKeys,
  revokedAccount,
  revokedCapability,
} from '../http/revocation.js'
import { AppendOnlyFile } from './append-only-file.js'
import { corrupt, Revocations } from './revocations.js'

// Bytes that are read at a time; no revocation is nearly as long.
const CHUNK = 1 << 20

/**
 * Revocations in a file, for one or several processes on one machine: a line of JSON for each, appended and on the disk
 * before `revoke` resolves. The file is made with mode 0600 if it is absent, and only ever grows, by about 100 bytes a
 * revocation. Rejects with `ERR_STORE_UNAVAILABLE` if the file can't be read or written, or was removed or replaced
 * meanwhile; if others may write to it or replace it (the message has the `chmod`), or it is a symbolic link; and with `ERR_STORE_CORRUPT` if something in it is no revocation.
 *
 * @example
 * const revocation = fileRevocation('/var/lib/notes/revoked.jsonl')
 */
export function fileRevocation(path: string, { now = systemClock }: { now?: Clock } = {}): RevocationStore {
  if (typeof path !== 'string' || path === '') throw new TypeError('path must be the path of a file')
  const file = new AppendOnlyFile(path)
  const known = new Revocations()
  let position = 0
  let queue: Promise<unknown> = Promise.resolve()

  /** Does the work after whatever else is being done with the file. */
  const inTurn = async (work: () => Promise<void>): Promise<void> => {
    const turn = queue.then(work)
    queue = turn.catch(() => undefined)
    return turn.catch((cause: unknown) => {
      if (cause instanceof SessionError) throw cause
      throw new SessionError('ERR_STORE_UNAVAILABLE', `the revocations in ${path} can't be read or written`, {
        cause,
      })
    })
  }
  const append = (record: object): Promise<void> =>
    // The first line break ends what a process that died may have left unfinished.
    inTurn(() => file.append(Buffer.from(`\n${JSON.stringify(record)}\n`)))
  /** Takes in what was appended since, by whichever process. */
  const catchUp = (): Promise<void> =>
    inTurn(async () => {
      const size = await file.size()
      if (size < position) {
        throw new SessionError('ERR_STORE_CORRUPT', `revocations are missing from ${path}: it became shorter`)
      }
      if (size === position) return
      known.forget(now())
      while (position < size) {
        const chunk = Buffer.from(await file.read(position, Math.min(size, position + CHUNK)))
        const end = chunk.lastIndexOf('\n') + 1
        for (const line of chunk.toString('utf8', 0, end).split('\n')) known.read(line, path, now())
        if (end === 0 && chunk.length === CHUNK) throw corrupt(path)
        // A line without its end may still be on its way.
        if (end === 0) return
        position += end
      }
    })

  return {
    async revoke(capability) {
      const { id, until } = revokedCapability(capability)
      await append({ capability: id, ...(Number.isFinite(until) && { until }) })
    },
    revokeAll: async (account, before = new Date(now())) => append(revokedAccount(account, before)),
    async isRevoked(cacao) {
      const keys = await revocationKeys(cacao)
      await catchUp()
      return known.has(keys)
    },
  }
}
